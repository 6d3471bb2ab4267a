/**
 * Keyset pages along an id that begins with its time, newest first.
 *
 * A condition without an index is looked for in a scan window: a bounded number of rows, so that a page costs the same
 * however many millions of rows there are. A page may therefore hold fewer items than asked for, or none, and still not be
 * the last.
 */
import { sql, type RawBuilder, type SelectQueryBuilder } from 'kysely';

import type { Database } from '../database.ts';
import { allOf, type Condition, type Fragment } from './condition.ts';

/** Maximum number of rows looked at for one page. */
const windowRows = 10_000;

export interface Page<T> {
  readonly items: readonly T[];
  /** Cursor of the next page; null on the last page. */
  readonly next: string | null;
}

export interface KeysetQuery {
  readonly limit: number;
  /** Id of the last item of the page before. */
  readonly cursor?: string;
  /** Time range of the recording: `from` is included, `to` is not. */
  readonly from?: Date;
  readonly to?: Date;
}

export function inKeysetPage(
  alias: string,
  { cursor, from, to }: KeysetQuery,
): RawBuilder<boolean> {
  const id = sql.ref(`${alias}.id`);
  return allOf([
    cursor === undefined ? undefined : sql`${id} < ${cursor}::uuid`,
    from === undefined ? undefined : sql`${id} >= ${firstIdAt(from)}::uuid`,
    to === undefined ? undefined : sql`${id} < ${firstIdAt(to)}::uuid`,
  ]);
}

export const notBefore = (alias: string, last: string | undefined): RawBuilder<boolean> =>
  last === undefined ? sql`true` : sql`${sql.ref(`${alias}.id`)} >= ${last}::uuid`;

/** The table a list is read from, and the conditions on its rows. */
export interface KeysetList {
  /** @example sql`event e` */
  readonly table: Fragment;
  readonly alias: string;
  /** Condition, written by hand, on the columns that an index has before the id: it needs no scan window. */
  readonly prefix?: Condition;
  /** Conditions without an index; undefined when every row is wanted. */
  readonly wanted: Condition | undefined;
}

/** Reads one page. @param rows selects the columns, the id among them, from the list's table. */
export async function readKeysetPage<DB, TB extends keyof DB, Item extends { id: string }>(
  database: Database,
  query: KeysetQuery,
  { table, alias, prefix, wanted }: KeysetList,
  rows: SelectQueryBuilder<DB, TB, Item>,
): Promise<Page<Item>> {
  const along = allOf([inKeysetPage(alias, query), prefix]);
  const last = wanted && (await scanWindowEnd(database, table, along));
  const found = await rows
    .where(allOf([along, notBefore(alias, last), wanted]))
    .orderBy(sql.ref(`${alias}.id`), 'desc')
    .limit(query.limit + 1)
    .execute();
  return pageOf(found, query.limit, last);
}

/** Finds the ID of the last row of the scan window; undefined when the table ends before it. */
export async function scanWindowEnd(
  database: Database,
  table: Fragment,
  along: Condition,
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from ${table} where ${along} order by id desc offset ${windowRows - 1} limit 1`.execute(
    database,
  );
  return rows[0]?.id;
}

function pageOf<T extends { readonly id: string }>(
  rows: readonly T[],
  limit: number,
  windowLast: string | undefined,
): Page<T> {
  if (rows.length <= limit) return { items: rows, next: windowLast ?? null };
  return { items: rows.slice(0, limit), next: rows[limit - 1]?.id ?? null };
}

/** Smallest ID of a millisecond: IDs begin with their time. */
export function firstIdAt(at: Date): string {
  const hex = Math.max(0, at.getTime()).toString(16).padStart(12, '0').slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
