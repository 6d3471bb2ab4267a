/** The database the configuration names, opened for the command line: migrations, first users and tokens. */
import { createLocalToken, putLocalUser } from './access/bootstrap.ts';
import type { Local } from './cli/context.ts';
import type { Config } from './config/config.ts';
import { findEmbeddedPostgres, openEmbeddedPostgres } from './store/embedded.ts';
import { migrate, migrateDown, migrationStatus } from './store/migrate.ts';
import { databaseOf, openStore } from './store/open.ts';

/** The embedded PostgreSQL of a Hookline that runs is used as it is; otherwise it is started, and stopped afterwards. */
export async function openLocal(config: Config): Promise<Local> {
  const stack = new AsyncDisposableStack();
  try {
    const url =
      config.database.url ??
      (await findEmbeddedPostgres(config.dataDir)) ??
      stack.use(await openEmbeddedPostgres({ dataDir: config.dataDir })).url;
    const store = await openStore(url, { poolMax: 2 });
    stack.defer(() => store.close());
    return {
      migrateUp: () => migrate(store),
      migrateDown: () => migrateDown(store),
      migrationStatus: () => migrationStatus(store),
      putUser: user => putLocalUser(databaseOf(store), user),
      createToken: token => createLocalToken(databaseOf(store), token),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
