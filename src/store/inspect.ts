/** Questions about the database itself, for the health check and `hookline doctor`, also where there is no schema yet. */
import { sql } from 'kysely';

import { findOwnSchema, type OwnSchema } from './connection/own-schema.ts';
import { type Database, databaseOf, type Store } from './database.ts';
import { executedMigrations, migrations } from './schema/migrations.ts';

export interface DatabaseView {
  /** @example '16.4', and 160004 */
  readonly version: string;
  readonly versionNumber: number;
  /** The server is a standby: it replays another server's changes and is read-only. */
  readonly isStandby: boolean;
  readonly own: OwnSchema;
  readonly replication: Replication;
  readonly connectionsMax: number;
  /** The database's clock minus this process's, in milliseconds, exact to half of `roundTripMs`. */
  readonly skewMs: number;
  readonly roundTripMs: number;
  /** Names of migrations: those that were not run yet, and those in the database that this program does not know. */
  readonly pending: readonly string[];
  readonly unknown: readonly string[];
}

export interface Replication {
  /** Number of servers that follow this one by streaming replication. */
  readonly standbys: number;
  /** Commits wait for at least one of them. */
  readonly isSynchronous: boolean;
  /** `synchronous_commit` of Hookline's sessions. */
  readonly commit: string;
}

/** `read-only`: a standby, or made so by an operator; it can be asked, and records nothing. */
export const databaseStates = ['ok', 'read-only', 'unreachable'] as const;
export type DatabaseState = (typeof databaseStates)[number];

/** Whether the database answers, and may be written to; the reason why not does not matter here. */
export async function findDatabaseState(store: Store): Promise<DatabaseState> {
  try {
    const { rows } = await sql<{ isReadOnly: boolean }>`
      select current_setting('transaction_read_only')::bool as "isReadOnly"`.execute(
      databaseOf(store),
    );
    return rows[0]?.isReadOnly === true ? 'read-only' : 'ok';
  } catch {
    return 'unreachable';
  }
}

/** @throws when the database cannot be asked. */
export async function inspectDatabase(store: Store, now: () => number): Promise<DatabaseView> {
  const database = databaseOf(store);
  // The first statement opens the connection, whose time does not count for the round trip.
  const { rows } = await sql<
    Omit<DatabaseView, 'own' | 'replication' | 'skewMs' | 'pending' | 'unknown'>
  >`
    select current_setting('server_version') as version,
      current_setting('server_version_num')::int as "versionNumber",
      pg_is_in_recovery() as "isStandby",
      current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int as "connectionsMax"`.execute(
    database,
  );
  const [facts] = rows;
  if (!facts) throw new RangeError('a select without from has one row');
  const before = now();
  const clock = await sql<{ atMs: number }>`
    select extract(epoch from clock_timestamp())::float8 * 1000 as "atMs"`.execute(database);
  const roundTripMs = now() - before;
  const executed = await executedMigrations(database);
  const known = migrations.map(({ name }) => name);
  return {
    ...facts,
    own: await findOwnSchema(database),
    replication: await findReplication(database),
    roundTripMs,
    skewMs: Math.round((clock.rows[0]?.atMs ?? before) - before - roundTripMs / 2),
    pending: known.filter(name => !executed.includes(name)),
    unknown: executed.filter(name => !known.includes(name)),
  };
}

/**
 * Leaves out backups and logical subscribers. Users who may not read the statistics (`pg_read_all_stats`) see how many
 * servers there are, but not in which way they follow; then the names that the server waits for decide.
 *
 * Source: PostgreSQL, "The Cumulative Statistics System", `pg_stat_replication`; "Synchronous Replication".
 */
async function findReplication(database: Database): Promise<Replication> {
  const { rows } = await sql<Replication>`
    select count(*)::int as standbys,
      coalesce(bool_or(coalesce(sync_state in ('sync', 'quorum'), current_setting('synchronous_standby_names') <> '')), false)
        and current_setting('synchronous_commit') not in ('off', 'local') as "isSynchronous",
      current_setting('synchronous_commit') as commit
    from pg_stat_replication r
    where coalesce(state, 'streaming') <> 'backup'
      and not exists (select from pg_replication_slots s where s.active_pid = r.pid and s.slot_type = 'logical')`.execute(
    database,
  );
  const [replication] = rows;
  if (!replication) throw new RangeError('an aggregate has one row');
  return replication;
}
