/**
 * Daily partitions of `event`, `delivery` and `attempt`.
 *
 * The bound of a day is the smallest UUIDv7 of its first millisecond, so an id alone says where a row lives:
 * 2026-11-21 UTC is `01a1fb67-1800-0000-…` up to the next day's. There is no default partition: a row without
 * a day fails loudly instead of filling a table that nothing drops.
 */
import { sql } from 'kysely';

import { inTransaction, type Store } from '../database.ts';

const DAY_MS = 86_400_000;
/** Number of days that recording can go on when nothing creates partitions any more. */
const daysAhead = 7;
const daysBehind = 1;
const tables = ['event', 'delivery', 'attempt'] as const;
const PARTITION_LOCK = 7_219_004_312;

/** Creates the missing partitions from yesterday to a week ahead. Idempotent, safe in parallel. */
export async function openPartitions(store: Store, now: Date): Promise<void> {
  await inTransaction(store, async database => {
    await sql`select pg_advisory_xact_lock(${PARTITION_LOCK})`.execute(database);
    for (let day = -daysBehind; day <= daysAhead; day += 1) {
      const at = now.getTime() + day * DAY_MS;
      for (const table of tables) {
        await sql`create table if not exists ${sql.id(partitionName(table, at))} partition of ${sql.id(table)}
          for values from (${sql.lit(firstIdOf(at))}) to (${sql.lit(firstIdOf(at + DAY_MS))})`.execute(
          database,
        );
      }
    }
  });
}

/**
 * Drops the partitions of the days that ended before `keepFrom`.
 *
 * @returns the names of the dropped tables.
 */
export async function dropPartitions(store: Store, keepFrom: Date): Promise<readonly string[]> {
  const oldest = dayOf(keepFrom.getTime());
  return inTransaction(store, async database => {
    await sql`select pg_advisory_xact_lock(${PARTITION_LOCK})`.execute(database);
    const { rows } = await sql<{ name: string }>`select c.relname as name from pg_inherits i
      join pg_class c on c.oid = i.inhrelid join pg_class parent on parent.oid = i.inhparent
      where parent.relname in ('event', 'delivery', 'attempt') and pg_table_is_visible(parent.oid)`.execute(
      database,
    );
    const dropped = rows.map(row => row.name).filter(name => name.slice(-8) < oldest);
    for (const name of dropped) await sql`drop table ${sql.id(name)}`.execute(database);
    return dropped;
  });
}

/** Smallest ID of the day that contains an instant. @param at milliseconds since 1970. */
export function firstIdOf(at: number): string {
  const hex = (Math.floor(at / DAY_MS) * DAY_MS).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

function partitionName(table: string, at: number): string {
  return `${table}_${dayOf(at)}`;
}

/** The day as a table's name has it. @example '20261121' */
function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10).replaceAll('-', '');
}
