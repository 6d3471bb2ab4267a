/** Opens the connection pool to PostgreSQL. This folder alone imports MikroORM. */
import { MikroORM } from '@mikro-orm/postgresql';
import type { Store } from '../database.ts';

import { migrations } from '../schema/migrations.ts';
import { tables } from '../schema/tables.ts';
import { migrationTable, SearchPathMigrator } from './migrator.ts';
import { sessionOptions, silenceMsMax, type SessionFacts } from './session.ts';
import { columnParsers } from '../sql/instant.ts';

export interface StoreOptions {
  readonly poolMax?: number;
  /** See `SessionFacts`. */
  readonly silenceMs?: number;
  readonly log?: (line: string) => void;
}

export interface RequestStoreOptions {
  readonly poolMax: number;
  /** Time after which the server cancels a statement. */
  readonly statementMs: number;
}

/**
 * Connects lazily: the first query opens the first connection, so an absent database is that query's error.
 *
 * @param url `postgresql://user:password@host:port/database`, perhaps with `?options=-c%20search_path%3Dhookline`
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const store = await MikroORM.init({
    ...connectionOptions(url, options.poolMax ?? 10, {
      name: 'hookline',
      silenceMs: options.silenceMs ?? silenceMsMax,
    }),
    entities: tables,
    migrations: {
      migrationsList: [...migrations],
      snapshot: false,
      tableName: migrationTable,
    },
    logger: options.log ?? (() => {}),
    colors: false,
    schemaGenerator: {
      // Partitions are created at run time, with the schema of their parents.
      skipTables: [/^(event|delivery|attempt)_\d{8}$/, migrationTable],
      // Triggers and their functions are written by hand in the migrations.
      ignoreTriggers: true,
      ignoreRoutines: true,
    },
  });
  store.config.registerExtension('@mikro-orm/migrator', () => new SearchPathMigrator(store.em));
  return store;
}

/**
 * Opens connections for people's requests, apart from those on which events are recorded and dispatched. They run the
 * statements of this folder; to migrate, or to compare schemas, takes a store of `openStore`, which knows the entities.
 */
export async function openRequestStore(
  url: string,
  { poolMax, statementMs }: RequestStoreOptions,
): Promise<Store> {
  return MikroORM.init({
    ...connectionOptions(url, poolMax, {
      name: 'hookline api',
      silenceMs: silenceMsMax,
      statementMs,
    }),
    entities: [],
    discovery: { warnWhenNoEntities: false },
    logger: () => {},
  });
}

function connectionOptions(url: string, poolMax: number, facts: SessionFacts) {
  return {
    clientUrl: url,
    pool: { max: poolMax },
    // MikroORM takes nothing from the query of the URL, pg all of it: TLS, and options such as the search path.
    driverOptions: { ...sessionOptions(url, facts), connectionString: url, types: columnParsers() },
  };
}
