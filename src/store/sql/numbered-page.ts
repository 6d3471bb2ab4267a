/** Pages by offset, with a total, as CloudStack's API lists things. */
import type { SelectQueryBuilder } from 'kysely';

import type { Database } from '../database.ts';

export interface PageOf {
  readonly offset: number;
  readonly limit: number;
}

export interface Counted<T> {
  /** Number of rows on all pages together. */
  readonly count: number;
  readonly rows: readonly T[];
}

/** Reads one page and counts all rows. @param rows selects the whole list, in its order. */
export async function readNumberedPage<DB, TB extends keyof DB, Item>(
  database: Database,
  rows: SelectQueryBuilder<DB, TB, Item>,
  { offset, limit }: PageOf,
): Promise<Counted<Item>> {
  const counted = await database
    .selectFrom(rows.clearOrderBy().as('listed'))
    .select(eb => eb.fn.countAll<string>().as('count'))
    .executeTakeFirst();
  return {
    count: Number(counted?.count ?? 0),
    rows: await rows.offset(offset).limit(limit).execute(),
  };
}
