/**
 * Lists along an id that begins with its time, newest first.
 *
 * What has no index is looked for in a bounded window of rows, so that a page costs the same however many millions of
 * rows there are: a page may hold fewer items than asked for, or none, and still not be the last.
 */
import { sql } from 'kysely';

import type { Database } from '../database.ts';

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

export type Fragment = ReturnType<typeof sql>;

export function conditions(all: readonly (Fragment | undefined)[]): Fragment | undefined {
  const given = all.filter(one => one !== undefined);
  return given.length === 0 ? undefined : sql.join(given, sql` and `);
}

export function inKeysetPage(alias: string, { cursor, from, to }: KeysetQuery): Fragment {
  const id = sql.ref(`${alias}.id`);
  return (
    conditions([
      cursor === undefined ? undefined : sql`${id} < ${cursor}::uuid`,
      from === undefined ? undefined : sql`${id} >= ${firstIdAt(from)}::uuid`,
      to === undefined ? undefined : sql`${id} < ${firstIdAt(to)}::uuid`,
    ]) ?? sql`true`
  );
}

export const notBefore = (alias: string, last: string | undefined): Fragment =>
  last === undefined ? sql`true` : sql`${sql.ref(`${alias}.id`)} >= ${last}::uuid`;

/** Id of the last row of the window, or undefined when the table ends before it. */
export async function scanWindowEnd(
  database: Database,
  table: Fragment,
  along: Fragment,
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from ${table} where ${along} order by id desc offset ${window - 1} limit 1`.execute(
    database,
  );
  return rows[0]?.id;
}

export function pageOf<T extends { readonly id: string }>(
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
