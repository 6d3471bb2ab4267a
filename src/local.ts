/** The configured database, opened for the command line: migrations, first users and tokens. */
import { hostname } from 'node:os';

import { createLocalToken, putLocalUser } from './access/bootstrap.ts';
import type { Local } from './cli/context.ts';
import type { Config } from './config/config.ts';
import { findEmbeddedPostgres, openEmbeddedPostgres } from './postgres/embedded.ts';
import { migrate, migrateDown, migrationStatus } from './store/schema/migrate.ts';
import { openStore } from './store/connection/open.ts';
import { inTransaction } from './store/database.ts';

/**
 * Opens it. The embedded PostgreSQL of a running Hookline is used as it is; otherwise it is started, and stopped
 * afterwards.
 */
export async function openLocal(config: Config): Promise<Local> {
  const stack = new AsyncDisposableStack();
  try {
    const url =
      config.database.url ??
      (await findEmbeddedPostgres(config.dataDir)) ??
      stack.use(await openEmbeddedPostgres({ dataDir: config.dataDir })).url;
    const store = await openStore(url, { poolMax: 2, silenceMs: Infinity });
    stack.defer(() => store.close());
    return {
      migrateUp: () => migrate(store),
      migrateDown: () => migrateDown(store),
      migrationStatus: () => migrationStatus(store),
      putUser: user => inTransaction(store, database => putLocalUser(database, user, here())),
      createToken: token =>
        inTransaction(store, database => createLocalToken(database, token, here())),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** The actor for the audit: nobody has logged in, but the machine knows whose process this is. */
const here = (): string => `local:uid=${process.getuid?.() ?? 'unknown'}@${hostname()}`;
