/** The database as statements see it: the connection pool, or one transaction. */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Kysely } from 'kysely';

import type { Tables } from './schema/tables.ts';
import { ColumnNames } from './sql/column-names.ts';

export type Store = MikroORM;

/**
 * The connection pool, or one transaction. Statements built by its methods name columns by their properties (`accountId`)
 * and are typed by `schema/tables.ts`. Statements written by hand name columns as SQL does (`account_id`), and so do their
 * rows.
 */
export type Database = Kysely<Tables>;

const databases = new WeakMap<Store, Database>();

export function databaseOf(store: Store): Database {
  const known = databases.get(store);
  if (known) return known;
  const database = store.em.fork().getKysely<Tables>().withPlugin(new ColumnNames());
  databases.set(store, database);
  return database;
}

export const isolationLevel = 'read committed';

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. Its isolation level is stated,
 * because a database may have another default, and a pooler may lose the session's; the statements are written for this one.
 *
 * The transaction is Kysely's own, not the entity manager's: that one is a "controlled" transaction, which keeps its
 * connection for ever when the rollback fails because the connection is dead (kysely-org/kysely issue 1990). A
 * restart of PostgreSQL would use up the pool.
 */
export async function inTransaction<T>(
  store: Store,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  return databaseOf(store).transaction().setIsolationLevel(isolationLevel).execute(work);
}
