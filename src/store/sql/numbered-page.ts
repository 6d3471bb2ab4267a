/** Pages by their number and with a total, as CloudStack's API lists things. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import { conditions } from './keyset.ts';
import type { Fragment } from './keyset.ts';

export interface PageOf {
  readonly offset: number;
  readonly limit: number;
}

export interface Counted<T> {
  /** Rows on all pages together. */
  readonly count: number;
  readonly rows: readonly T[];
}

export interface CountedQuery {
  /** Everything from `from` to the end of `where`. */
  readonly from: Fragment;
  readonly columns: Fragment;
  readonly order: Fragment;
  readonly page: PageOf;
}

export async function countAndRead<T>(
  database: Database,
  query: CountedQuery,
): Promise<Counted<T>> {
  const counted = await sql<{ count: string }>`select count(*) ${query.from}`.execute(database);
  const { offset, limit } = query.page;
  const { rows } = await sql<T>`select ${query.columns} ${query.from}
    order by ${query.order} offset ${offset} limit ${limit}`.execute(database);
  return { count: Number(counted.rows[0]?.count ?? 0), rows };
}

/** Whether a column contains a text, in any case; `%` and `_` mean themselves. */
export const contains = (column: Fragment, part: string) =>
  sql<boolean>`strpos(lower(${column}), lower(${part})) > 0`;

export const all = (wanted: readonly (Fragment | undefined)[]): Fragment =>
  conditions(wanted) ?? sql`true`;
