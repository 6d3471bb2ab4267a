/** Opens the connection pool to PostgreSQL. This folder alone imports MikroORM. */
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import type { Store } from '../database.ts';

import { migrations } from '../schema/migrations.ts';
import { tables } from '../schema/tables.ts';
import { sessionOptions, silenceMsMax } from './session.ts';
import { columnParsers } from '../sql/instant.ts';

export interface StoreOptions {
  readonly poolMax?: number;
  /** See `sessionOptions`. */
  readonly silenceMs?: number;
  readonly log?: (line: string) => void;
}

/**
 * Connects lazily: the first query opens the first connection, so an absent database is that query's error.
 *
 * @param url `postgresql://user:password@host:port/database`
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  return MikroORM.init({
    clientUrl: url,
    entities: tables,
    extensions: [Migrator],
    migrations: {
      migrationsList: [...migrations],
      snapshot: false,
      tableName: 'migration',
    },
    logger: options.log ?? (() => {}),
    colors: false,
    pool: { max: options.poolMax ?? 10 },
    driverOptions: {
      ...sessionOptions(options.silenceMs ?? silenceMsMax),
      types: columnParsers(),
    },
    schemaGenerator: {
      // Partitions are created at run time, with the schema of their parents.
      skipTables: [/^(event|delivery|attempt)_\d{8}$/, 'migration'],
      // Triggers and their functions are written by hand in the migrations.
      ignoreTriggers: true,
      ignoreRoutines: true,
    },
  });
}
