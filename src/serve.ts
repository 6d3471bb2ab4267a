/** Runs Hookline in this process: database, schema, first user, app, API. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { Logger } from 'pino';

import { adminName, ensureAdmin } from './access/bootstrap.ts';
import { createOidcLogin } from './access/oidc/oidc-login.ts';
import { createApi } from './api/api.ts';
import type { KeyLogin } from './api/context.ts';
import { startApp, type App } from './app.ts';
import { newId, secretKeysOf, type ProcessRole } from './wire.ts';
import type { Config } from './config/config.ts';
import { basePathOf } from './console/serve-console.ts';
import { readOrCreateSecretKey } from './config/file/secret-key.ts';
import { ownSourceName } from './config/source/source.ts';
import { identifyKeyPair } from './directory/cloudstack/cloudstack-identity.ts';
import { createNormalizers } from './normalize/normalizers.ts';
import { settingDefaults } from './setting/definition.ts';
import { openEmbeddedPostgres } from './postgres/embedded.ts';
import { Turns } from './event/turns.ts';
import { migrate, migrationStatus, refuseUnusable } from './store/schema/migrate.ts';
import { openPartitions } from './store/schema/partition.ts';
import { openRequestStore, openStore } from './store/connection/open.ts';
import { type Store } from './store/database.ts';
import { findDatabaseState } from './store/inspect.ts';
import { version } from './version.ts';

export interface ServeOptions {
  readonly config: Config;
  readonly roles: readonly ProcessRole[];
  readonly log: Logger;
  /** Ends a start early that waits for the database. */
  readonly signal: AbortSignal;
}

export interface Served {
  /** URL of the API and the console; undefined without the role `api`. */
  readonly url?: string;
  readonly databaseUrl: string;
  /** The random password of the user `admin`, when this first start created it; shown this once. */
  readonly adminPassword?: string;
  /** Ends everything in order; see `App.stop`. Idempotent. */
  stop(): Promise<void>;
}

/** Maximum numbers of callers whose templates are tried or previewed at a time, in all and of one account. */
const previewLimits = { max: 4, ownerMax: 1 };
/** Beside `src` in a checkout, and in the package. */
const consoleFolder = fileURLToPath(new URL('../console/dist', import.meta.url));
/** How long the start waits for a database that is not there yet. */
const databaseWaitMs = 30_000;

/**
 * @throws {ConfigError} when a mapping of the configuration cannot be used.
 * @throws when the database cannot be reached in time, or something the configuration names cannot be used.
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const { config, roles, log } = options;
  // The app creates them again; here a bad mapping is reported before anything is opened.
  createNormalizers(config);
  // Everything opened so far is closed in reverse, also when a later step of the start fails.
  const stack = new AsyncDisposableStack();
  try {
    const databaseUrl = config.database.url ?? (await openEmbedded(options, stack));
    const store = await openStore(databaseUrl, { poolMax: config.database.poolMax });
    stack.defer(() => store.close());
    await untilReachable(store, options);
    if (config.database.migrate) await bringUpToDate(store, databaseUrl);
    const secretKey = config.secretKey ?? (await readOrCreateSecretKey(config.dataDir));
    const generated = await ensureAdmin(store, config.adminPassword);
    const app = await startApp({ config, databaseUrl, store, secretKey, roles, log });
    stack.defer(() => app.stop());
    const url = roles.includes('api')
      ? await listen(options, { app, databaseUrl, store, secretKey }, stack)
      : undefined;
    log.info(
      { url, roles, sources: app.sources.map(source => source.name), version },
      'hookline.started',
    );
    return {
      databaseUrl,
      url,
      adminPassword: config.adminPassword === undefined ? generated : undefined,
      stop: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function openEmbedded(
  { config, log }: ServeOptions,
  stack: AsyncDisposableStack,
): Promise<string> {
  const postgres = await openEmbeddedPostgres({
    dataDir: config.dataDir,
    log: line => log.debug({ line }, 'postgres.said'),
  });
  stack.use(postgres);
  log.info({ dataDir: config.dataDir }, 'postgres.embedded');
  return postgres.url;
}

/** Migrates the schema, on connections without time-outs when there is a migration to run. */
async function bringUpToDate(store: Store, url: string): Promise<void> {
  await refuseUnusable(store);
  if ((await migrationStatus(store)).pending.length === 0) {
    return openPartitions(store, new Date());
  }
  const patient = await openStore(url, { poolMax: 2, silenceMs: Infinity });
  try {
    await migrate(patient);
  } finally {
    await patient.close();
  }
}

async function untilReachable(store: Store, { log, signal }: ServeOptions): Promise<void> {
  const deadline = performance.now() + databaseWaitMs;
  for (let tries = 0; (await findDatabaseState(store)) === 'unreachable'; tries += 1) {
    if (performance.now() > deadline) {
      throw new Error(
        `the database does not answer after ${databaseWaitMs / 1_000} s; is HOOKLINE_DATABASE_URL right, and the server up?`,
      );
    }
    if (tries === 0) log.warn({ waitMs: databaseWaitMs }, 'database.awaited');
    await wait(500, undefined, { signal });
  }
}

interface Listened {
  readonly app: App;
  readonly databaseUrl: string;
  readonly store: Store;
  readonly secretKey: Buffer;
}

async function listen(
  { config, roles, log }: ServeOptions,
  { app, databaseUrl, store: recordingStore, secretKey }: Listened,
  stack: AsyncDisposableStack,
): Promise<string> {
  const { apiPoolMax: poolMax, apiTimeoutMs: statementMs } = config.database;
  const store = await openRequestStore(databaseUrl, { poolMax, statementMs });
  stack.defer(() => store.close());
  const key = secretKey;
  const oidc = config.oidc && createOidcLogin(config.oidc, { store, key, now: Date.now, log });
  if (oidc) stack.use(oidc);
  const api = createApi({
    store,
    catchUp: () => app.sync.catchUp(),
    hearsNotifications: () => app.sync.hearsNotifications,
    recordingStore,
    readsMax: poolMax - 1,
    secretKey,
    secretKeys: secretKeysOf({ secretKey, config }),
    oidc,
    keyLogin: keyLoginOf(config),
    sources: () => app.sources,
    intakes: () => app.intakes,
    ownIntake: ownSourceName,
    metrics: app.metrics.registry,
    formats: app.formats,
    previews: new Turns(previewLimits),
    validate: app.validate,
    judgeUrl: app.judgeUrl,
    testDelivery: app.testDelivery,
    redrive: app.redrive,
    self: { host: hostname(), dispatches: roles.includes('dispatch') },
    settingDefaults: settingDefaults(config.dispatch),
    timeoutMsMax: config.dispatch.timeoutMsMax,
    trustedProxies: config.http.trustedProxies,
    connectionsMax: config.http.connectionsMax,
    console: {
      folder: consoleFolder,
      basePath: basePathOf(config.http.publicUrl),
      frameAncestors: config.console.frameAncestors,
    },
    log,
    newId,
    now: Date.now,
    randomBytes,
    version,
  });
  stack.defer(() => api.close());
  return api.listen({ host: config.http.host, port: config.http.port });
}

function keyLoginOf({ directory }: Config): KeyLogin | undefined {
  if (directory?.kind !== 'cloudstack' || !directory.keyLogin) return undefined;
  const { url: issuer, keyLogin } = directory;
  const { trustMs } = keyLogin;
  const server = { ...directory, now: Date.now };
  const identify: KeyLogin['identify'] = async (pair, signal) =>
    identifyKeyPair(server, pair, signal);
  return { issuer, trustMs, identify };
}

/** The message of the first start to the operator. */
export function welcome(password: string): string {
  return `First start: user "${adminName}" with password "${password}". It is not shown again.`;
}
