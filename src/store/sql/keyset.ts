/**
 * Lists along an id that begins with its time, newest first.
 *
 * What has no index is looked for in a bounded window of rows, so that a page costs the same however many millions of
 * rows there are: a page may hold fewer items than asked for, or none, and still not be the last.
 */
import { sql, type RawBuilder, type SelectQueryBuilder } from 'kysely';

import type { Database } from '../database.ts';
import { allOf, type Condition, type Fragment } from './condition.ts';

/** Rows looked at for one page. */
const window = 10_000;

export interface Page<T> {
  readonly items: readonly T[];
  /** Id to go on after; null on the last page. */
  readonly next: string | null;
}

export interface KeysetQuery {
  readonly limit: number;
  /** Id of the last item of the page before. */
  readonly cursor?: string;
  /** Recorded at or after; before. */
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

/** What a list is read from, and what is wanted of it. */
export interface KeysetList {
  /** @example sql`event e` */
  readonly table: Fragment;
  readonly alias: string;
  /** A condition, written by hand, on what an index has before the id: it costs no look at other rows. */
  readonly prefix?: Condition;
  /** Conditions that rows are looked at for; undefined when every row is wanted. */
  readonly wanted: Condition | undefined;
}

/** @param rows what is selected of the list's table, with its id. */
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

/** Id of the last row of the window, or undefined when the table ends before it. */
export async function scanWindowEnd(
  database: Database,
  table: Fragment,
  along: Condition,
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from ${table} where ${along} order by id desc offset ${window - 1} limit 1`.execute(
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

/** The smallest id of that millisecond: ids begin with their time. */
export function firstIdAt(at: Date): string {
  const hex = Math.max(0, at.getTime()).toString(16).padStart(12, '0').slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
