/** The connection to PostgreSQL. Everything that knows MikroORM is in this folder. */
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import type { Store } from './database.ts';

import { migrations } from './schema/migrations.ts';
import { tables } from './schema/tables.ts';
import { columnParsers } from './sql/instant.ts';

/**
 * A server that takes connections and never answers (half dead, or behind a broken network) would otherwise be waited
 * for without a word, by whoever asks and by everybody who wants a connection after it.
 */
export const connectMsMax = 10_000;

/**
 * Connects lazily: the first query opens the first connection, so an absent database is that query's error.
 *
 * @param url `postgresql://user:password@host:port/database`
 */
export async function openStore(
  url: string,
  options: { poolMax?: number; log?: (line: string) => void } = {},
): Promise<Store> {
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
      connectionTimeoutMillis: connectMsMax,
      keepAlive: true,
      types: columnParsers(),
    },
    schemaGenerator: {
      // The days' partitions are made at run time; the schema is that of their parents.
      skipTables: [/^(event|delivery|attempt)_\d{8}$/, 'migration'],
      // Triggers and their functions are written by hand in the migrations.
      ignoreTriggers: true,
      ignoreRoutines: true,
    },
  });
}
