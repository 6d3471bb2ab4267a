/** Opens the connection pool to PostgreSQL. This folder alone imports MikroORM. */
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import type { Store } from './database.ts';

import { migrations } from './schema/migrations.ts';
import { tables } from './schema/tables.ts';
import { columnParsers } from './sql/instant.ts';

/**
 * Maximum time to connect. Without it, a server that accepts connections and never answers, such as behind a broken
 * network, would block every caller for ever.
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
      // Partitions are created at run time, with the schema of their parents.
      skipTables: [/^(event|delivery|attempt)_\d{8}$/, 'migration'],
      // Triggers and their functions are written by hand in the migrations.
      ignoreTriggers: true,
      ignoreRoutines: true,
    },
  });
}
