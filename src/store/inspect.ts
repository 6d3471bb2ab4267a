/** Questions about the database itself, for the health check and `hookline doctor`, also where there is no schema yet. */
import { sql } from 'kysely';

import { migrations } from './schema/migrations.ts';
import { databaseOf, type Store } from './database.ts';

export interface DatabaseView {
  /** @example '16.4', and 160004 */
  readonly version: string;
  readonly versionNumber: number;
  /** The server is a standby: it replays another server's changes and is read-only. */
  readonly isStandby: boolean;
  /** The user may create tables in the current schema; each day needs a partition. */
  readonly mayCreate: boolean;
  readonly connectionsMax: number;
  /** The database's clock minus this process's, in milliseconds, exact to half of `roundTripMs`. */
  readonly skewMs: number;
  readonly roundTripMs: number;
  /** Names of migrations: those that were not run yet, and those in the database that this program does not know. */
  readonly pending: readonly string[];
  readonly unknown: readonly string[];
}

/** Whether the database answers; the reason why not does not matter here. */
export async function isReachable(store: Store): Promise<boolean> {
  try {
    await sql`select 1`.execute(databaseOf(store));
    return true;
  } catch {
    return false;
  }
}

/** @throws when the database cannot be asked. */
export async function inspectDatabase(store: Store, now: () => number): Promise<DatabaseView> {
  const database = databaseOf(store);
  // The first statement opens the connection, whose time does not count for the round trip.
  const { rows } = await sql<Omit<DatabaseView, 'skewMs' | 'pending' | 'unknown'>>`
    select current_setting('server_version') as version,
      current_setting('server_version_num')::int as "versionNumber",
      pg_is_in_recovery() as "isStandby",
      coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) as "mayCreate",
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
  const executed = await executedMigrations(store);
  const known = migrations.map(({ name }) => name);
  return {
    ...facts,
    roundTripMs,
    skewMs: Math.round((clock.rows[0]?.atMs ?? before) - before - roundTripMs / 2),
    pending: known.filter(name => !executed.includes(name)),
    unknown: executed.filter(name => !known.includes(name)),
  };
}

/** Names of the migrations that were run. MikroORM's migrator is not asked, as it would create its table. */
async function executedMigrations(store: Store): Promise<readonly string[]> {
  const database = databaseOf(store);
  const { rows } = await sql<{ isThere: boolean }>`
    select to_regclass('migration') is not null as "isThere"`.execute(database);
  if (rows[0]?.isThere !== true) return [];
  const ran = await sql<{ name: string }>`select name from migration order by id`.execute(database);
  return ran.rows.map(({ name }) => name);
}
