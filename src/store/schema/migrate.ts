/** Runs and undoes migrations. */
import { sql } from 'kysely';

import { findOwnSchema, problemOf } from '../connection/own-schema.ts';
import { databaseOf, inTransaction, type Store } from '../database.ts';
import { executedMigrations, migrations } from './migrations.ts';
import { openPartitions } from './partition.ts';

/** Any constant will do, as long as every Hookline uses the same one. */
const MIGRATION_LOCK = 7_219_004_311;

export interface MigrationStatus {
  readonly executed: readonly string[];
  readonly pending: readonly string[];
}

/**
 * The database has migrations that this Hookline does not know, and lacks some that it knows: running those would mix two
 * schemas. Nothing was written; the operator has to give this Hookline another database, or this database another Hookline.
 */
export class ForeignSchemaError extends Error {
  override readonly name = 'ForeignSchemaError';
  readonly code = 'foreign_schema';
}

/**
 * The tables cannot be created where `search_path` leads. Nothing was written; the message has the statements that a
 * database administrator runs.
 */
export class UnusableSchemaError extends Error {
  override readonly name = 'UnusableSchemaError';
  readonly code = 'unusable_schema';
}

/**
 * Runs the pending migrations; safe when several processes start at once. A database of a newer Hookline is left alone.
 *
 * MikroORM's migrator takes no lock of its own, so the lock rides on a transaction of ours that outlives the
 * migration. It is released by commit, rollback or a dropped connection alike.
 *
 * @returns names of the migrations that were run.
 * @throws {ForeignSchemaError}
 * @throws {UnusableSchemaError}
 */
export async function migrate(store: Store): Promise<readonly string[]> {
  return locked(store, async () => {
    refuseForeign(await migrationStatus(store));
    await refuseUnusable(store);
    const ran = await store.migrator.up();
    await openPartitions(store, new Date());
    return ran.map(migration => migration.name);
  });
}

/** Undoes the last migration. All rows of the tables it created are lost. */
export async function migrateDown(store: Store): Promise<readonly string[]> {
  return locked(store, async () => (await store.migrator.down()).map(migration => migration.name));
}

export async function migrationStatus(store: Store): Promise<MigrationStatus> {
  const executed = await executedMigrations(databaseOf(store));
  const pending = migrations.filter(({ name }) => !executed.includes(name));
  return { executed, pending: pending.map(({ name }) => name) };
}

function refuseForeign({ executed, pending }: MigrationStatus): void {
  const unknown = executed.filter(name => !migrations.some(known => known.name === name));
  if (unknown.length === 0 || pending.length === 0) return;
  throw new ForeignSchemaError(
    `the database was set up by another line of Hookline: it has ${unknown.join(', ')}, which this one does not know, and lacks ${pending.join(', ')}; give this Hookline an empty database, or use the Hookline that set this one up`,
  );
}

/** @throws {UnusableSchemaError} */
export async function refuseUnusable(store: Store): Promise<void> {
  const problem = problemOf(await findOwnSchema(databaseOf(store)));
  if (problem) throw new UnusableSchemaError(`${problem.found}. ${problem.hint}`);
}

async function locked<T>(store: Store, work: () => Promise<T>): Promise<T> {
  return inTransaction(store, async database => {
    await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(database);
    return work();
  });
}
