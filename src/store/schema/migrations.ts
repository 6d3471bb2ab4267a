/** All migrations, in order: the files of `migrations/`, each of which exports one class. */
import { readdirSync } from 'node:fs';

import type { MigrationObject } from '@mikro-orm/core';
import { Migration } from '@mikro-orm/migrations';

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
