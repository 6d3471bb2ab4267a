/** What statements run on: the pool of connections, or one transaction. */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Kysely } from 'kysely';

export type Store = MikroORM;

/** What a hand-written statement runs on: the pool, or one transaction. */
export type Database = Kysely<unknown>;

export function databaseOf(store: Store): Database {
  return store.em.fork().getKysely<unknown>();
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects.
 *
 * The transaction is Kysely's own, not the entity manager's: that one is a "controlled" transaction, which keeps its
 * connection for ever when the rollback fails because the connection is dead (kysely-org/kysely issue 1990). A
 * restart of PostgreSQL would use up the pool.
 */
export async function inTransaction<T>(
  store: Store,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  return databaseOf(store).transaction().execute(work);
}
