/**
 * Keyset pages along an id that begins with its time, newest first.
 *
 * A condition without an index is looked for in a scan window: a bounded number of rows, so that a page costs the same
 * however many millions of rows there are. A page may therefore hold fewer items than asked for, or none, and still not be
 * the last.
 */
import { sql, type RawBuilder, type SelectQueryBuilder } from 'kysely';

import type { Database } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import { allOf, type Condition } from './condition.ts';

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

const notBefore = (alias: string, last: string | undefined): RawBuilder<boolean> =>
  last === undefined ? sql`true` : sql`${sql.ref(`${alias}.id`)} >= ${last}::uuid`;

type Table = 'event' | 'delivery' | 'audit';

/** The table a list is read from, and the conditions on its rows. */
export interface KeysetList<T extends Table> {
  readonly table: T;
  readonly alias: string;
  /** Restricts a list of `delivery` to one webhook, along the index on (webhook_id, id). */
  readonly webhookId?: string | undefined;
  /** Conditions without an index; undefined when every row is wanted. */
  readonly wanted: Condition | undefined;
}

/** Reads one page. @param select selects the columns, the id among them, from the rows, which stand for the table. */
export async function readKeysetPage<
  T extends Table,
  DB,
  TB extends keyof DB,
  Item extends { id: string },
>(
  database: Database,
  query: KeysetQuery,
  { table, alias, webhookId, wanted }: KeysetList<T>,
  select: (rows: RawBuilder<Row<T>>) => SelectQueryBuilder<DB, TB, Item>,
): Promise<Page<Item>> {
  const to = table === 'audit' ? query.to : horizon(query.to);
  const along = alongOf(alias, { ...query, to }, webhookId);
  const last = wanted && (await scanWindowEnd(database, table, { alias, along }));
  const found = await select(rowsAlong(table, { alias, along, last }))
    .where(allOf([wanted]))
    .orderBy(along.order)
    .limit(query.limit + 1)
    .execute();
  return pageOf(found, query.limit, last);
}

/** Rows of a table in the order of one of its indexes. */
export interface Along {
  readonly where: Condition;
  readonly order: RawBuilder<unknown>;
}

/** The order of a list, newest first. */
export function alongOf(alias: string, query: KeysetQuery, webhookId?: string): Along {
  if (webhookId !== undefined) return alongWebhook(alias, query, webhookId);
  return { where: inKeysetPage(alias, query), order: sql`${sql.ref(`${alias}.id`)} desc` };
}

/**
 * Orders by both columns, which only the index on (webhook_id, id) does. With `webhook_id = …` and an order by id alone,
 * PostgreSQL may walk along the primary key instead, when it believes that most rows are this webhook's.
 */
function alongWebhook(alias: string, query: KeysetQuery, webhookId: string): Along {
  const [webhook, id] = [sql.ref(`${alias}.webhook_id`), sql.ref(`${alias}.id`)];
  const { cursor, from, to } = query;
  const bounds = [cursor, to && firstIdAt(to)].filter(bound => bound !== undefined);
  return {
    where: allOf([
      sql`(${webhook}, ${id}) >= (${webhookId}::uuid, ${from ? firstIdAt(from) : idMin}::uuid)`,
      sql`(${webhook}, ${id}) < (${webhookId}::uuid, ${bounds.toSorted()[0] ?? idMax}::uuid)`,
      inKeysetPage(alias, query),
    ]),
    order: sql`${webhook} desc, ${id} desc`,
  };
}

export const idMin = '00000000-0000-0000-0000-000000000000';
const idMax = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * Upper end of a list: `to`, or the end of the present day (of the next day just before midnight, because clocks differ).
 * The partitions created ahead are empty. In a plan they would cost nothing to scan, and make an index look expensive.
 */
export const horizon = (to?: Date): Date =>
  to ?? new Date(Math.floor((Date.now() + skewMs) / DAY_MS + 1) * DAY_MS);

const DAY_MS = 86_400_000;
const skewMs = 900_000;

interface Range {
  readonly alias: string;
  readonly along: Along;
  /** ID of the last row of the scan window. */
  readonly last?: string | undefined;
}

/**
 * Selects all rows in the order of an index. PostgreSQL does not know the limit when it plans, and assumes a tenth of the
 * rows: it then reads them from the index one by one, and never reads and sorts them all for an outer statement that
 * wants a few. The limit itself leaves nothing out.
 */
export function rowsAlong<T extends Table>(
  table: T,
  { alias, along, last }: Range,
): RawBuilder<Row<T>> {
  const where = allOf([along.where, notBefore(alias, last)]);
  return sql<Row<T>>`(select * from ${sql.table(table)} ${sql.ref(alias)} where ${where}
    order by ${along.order} limit (select ${rowsMax}::int))`;
}

const rowsMax = 2_147_483_647;

/** Finds the ID of the last row of the scan window; undefined when the table ends before it. */
export async function scanWindowEnd(
  database: Database,
  table: Table,
  { alias, along }: Range,
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select ${sql.ref(`${alias}.id`)} from ${sql.table(table)} ${sql.ref(alias)} where ${along.where}
    order by ${along.order} offset (select ${windowRows - 1}::int) limit 1`.execute(database);
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
