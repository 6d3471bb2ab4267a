/** All migrations, in order: the files of `migrations/`, each of which exports one class. */
import { readdirSync } from 'node:fs';

import type { MigrationObject } from '@mikro-orm/core';
import { Migration } from '@mikro-orm/migrations';
import { sql } from 'kysely';

import { migrationTable } from '../connection/migrator.ts';
import type { Database } from '../database.ts';

const folder = new URL('../../../migrations/', import.meta.url);

/** @param file `0001-management.ts`; `.js` in the package. */
async function load(file: string): Promise<MigrationObject> {
  const exported: object = await import(new URL(file, folder).href);
  const [migration] = Object.values(exported);
  if (!isMigration(migration)) throw new RangeError(`migrations/${file} exports no migration`);
  return { name: file.replace(/\.[jt]s$/, ''), class: migration };
}

const isMigration = (value: unknown): value is MigrationObject['class'] =>
  typeof value === 'function' && value.prototype instanceof Migration;

export const migrations: readonly MigrationObject[] = await Promise.all(
  readdirSync(folder)
    .filter(file => /^\d{4}-[a-z-]+\.[jt]s$/.test(file))
    .toSorted()
    .map(load),
);

/**
 * Names of the migrations that were run in the schema in which tables would be created. MikroORM's migrator is not asked, as it would create its table, which nobody can
 * on a standby.
 */
export async function executedMigrations(database: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ isThere: boolean }>`
    select to_regclass(quote_ident(current_schema()) || '.' || ${migrationTable}) is not null as "isThere"`.execute(
    database,
  );
  if (rows[0]?.isThere !== true) return [];
  const ran = await sql<{ name: string }>`
    select name from ${sql.id(migrationTable)} order by id`.execute(database);
  return ran.rows.map(({ name }) => name);
}
