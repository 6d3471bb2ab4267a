/**
 * Daily partitions of `event`, `delivery` and `attempt`.
 *
 * The bound of a day is the smallest UUIDv7 of its first millisecond, so an id alone says where a row lives:
 * 2026-11-21 UTC is `01a1fb67-1800-0000-…` up to the next day's. There is no default partition: a row without
 * a day fails loudly instead of filling a table that nothing drops.
 */
import { sql } from 'kysely';

import { type Database, databaseOf, inTransaction, type Store } from '../database.ts';

const DAY_MS = 86_400_000;
/** Number of days that recording can go on when nothing creates partitions any more. */
const daysAhead = 7;
const daysBehind = 1;
const tables = ['event', 'delivery', 'attempt'] as const;
const PARTITION_LOCK = 7_219_004_312;

/**
 * Creates the missing partitions from yesterday to a week ahead. Idempotent, safe in parallel.
 *
 * A table is created first and then attached, which waits for no reader or writer and blocks none. `create table …
 * partition of` would wait for all of them, and every later one would wait behind it: during a backup, nothing could be
 * recorded.
 */
export async function openPartitions(store: Store, now: Date): Promise<void> {
  await inTransaction(store, async database => {
    await sql`select pg_advisory_xact_lock(${PARTITION_LOCK})`.execute(database);
    for (const table of tables) {
      const present = new Set(await daysOf(database, table));
      for (let day = -daysBehind; day <= daysAhead; day += 1) {
        const at = now.getTime() + day * DAY_MS;
        if (!present.has(dayOf(at))) await openPartition(database, table, at);
      }
    }
  });
}

async function openPartition(
  database: Database,
  table: (typeof tables)[number],
  at: number,
): Promise<void> {
  const [parent, partition] = [sql.id(table), sql.id(partitionName(table, dayOf(at)))];
  await sql`create table ${partition} (like ${parent} including all)`.execute(database);
  await sql`alter table ${parent} attach partition ${partition}
    for values from (${sql.lit(firstIdOf(at))}) to (${sql.lit(firstIdOf(at + DAY_MS))})`.execute(
    database,
  );
}

/**
 * Drops the partitions of the days that ended before `keepFrom`, oldest first. It stops at a day whose tables are locked:
 * dropping a table waits for everyone who uses its parent, and every later statement would wait behind it.
 *
 * @returns the names of the dropped tables, and of those that stay because they are in use.
 */
export async function dropPartitions(
  store: Store,
  keepFrom: Date,
): Promise<{ readonly dropped: readonly string[]; readonly busy: readonly string[] }> {
  const dropped: string[] = [];
  const busy: string[] = [];
  for (const day of await daysBefore(databaseOf(store), dayOf(keepFrom.getTime()))) {
    const names = tables.map(table => partitionName(table, day));
    const isGone = busy.length === 0 && (await dropUnlessBusy(store, names));
    (isGone ? dropped : busy).push(...names);
  }
  return { dropped, busy };
}

async function daysBefore(database: Database, oldest: string): Promise<readonly string[]> {
  const all: string[] = [];
  for (const table of tables) all.push(...(await daysOf(database, table)));
  return [...new Set(all)].filter(day => day < oldest).toSorted();
}

/** @returns false when the tables are locked. */
async function dropUnlessBusy(store: Store, names: readonly string[]): Promise<boolean> {
  try {
    await inTransaction(store, async database => {
      await sql`select pg_advisory_xact_lock(${PARTITION_LOCK})`.execute(database);
      await sql`set local lock_timeout = ${sql.lit(dropLockMs)}`.execute(database);
      await sql`drop table if exists ${sql.join(names.map(name => sql.id(name)))}`.execute(
        database,
      );
    });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === lockNotAvailable) return false;
    throw error;
  }
}

/** Maximum time that dropping a table makes others wait. */
const dropLockMs = 1_000;
/** Source: PostgreSQL, Appendix A "Error Codes". */
const lockNotAvailable = '55P03';

/** Lists the days that a table has partitions of, in no order. */
export async function daysOf(
  database: Database,
  table: (typeof tables)[number],
): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select c.relname as name from pg_inherits i
    join pg_class c on c.oid = i.inhrelid join pg_class parent on parent.oid = i.inhparent
    where parent.relname = ${table} and pg_table_is_visible(parent.oid)`.execute(database);
  return rows.map(({ name }) => name.slice(table.length + 1));
}

/** Smallest ID of the day that contains an instant. @param at milliseconds since 1970. */
export function firstIdOf(at: number): string {
  const hex = (Math.floor(at / DAY_MS) * DAY_MS).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

export function partitionName(table: (typeof tables)[number], day: string): string {
  return `${table}_${day}`;
}

/** The day as a table's name has it. @example '20261121' */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10).replaceAll('-', '');
}
