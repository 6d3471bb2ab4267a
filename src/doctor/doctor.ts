/**
 * `hookline doctor`: checks everything that the configuration names, and changes nothing. The parts are checked
 * independently and all at once, so that one that hangs or fails hides no other.
 */
import { createOidcProvider, newChecks } from '../access/oidc/oidc-provider.ts';
import { trySecrets } from '../access/secret/try-secrets.ts';
import type { Config } from '../config/config.ts';
import type { DirectoryConfig } from '../config/directory/directory.ts';
import { localUrl } from '../config/load/load.ts';
import type { SourceConfig } from '../config/source/source.ts';
import { findSecretKey } from '../config/file/secret-key.ts';
import { createCloudstackClient } from '../directory/cloudstack/cloudstack-client.ts';
import { createKeystoneClient } from '../directory/keystone/keystone-client.ts';
import { inspectCloudstack, inspectKeystone } from '../directory/inspect.ts';
import { judgeDatabase, judgeNotifications } from './database.ts';
import { judgeCloud, judgeSnapshot } from './directory.ts';
import { describeRules, inspectProxy, inspectReceiver } from './egress.ts';
import { examine } from './examine.ts';
import { judgeKey, judgeSecrets, inspectDataDir, inspectPort } from './host.ts';
import { judgeTimeouts } from './timeout.ts';
import { judgeRabbitmq } from './rabbitmq.ts';
import { inspectRestored } from './running.ts';
import { describeHttpSource, judgeKafka, judgeLost } from './source.ts';
import type { Finding } from '../event/finding.ts';
import type { StoredPositions } from '../event/message.ts';
import type { Log } from '../event/log.ts';
import { createNormalizers } from '../normalize/normalizers.ts';
import { openEgress } from '../dispatch/egress/egress.ts';
import { createResolver } from '../dispatch/egress/name/resolve-name.ts';
import { inspectKafka } from '../source/kafka/kafka-inspect.ts';
import { inspectRabbitmq } from '../source/rabbitmq/rabbitmq-inspect.ts';
import { findEmbeddedPostgres } from '../postgres/embedded.ts';
import { areNotificationsHeard } from '../store/connection/listener.ts';
import { inspectDatabase } from '../store/inspect.ts';
import { openStore } from '../store/connection/open.ts';
import { databaseOf, type Store } from '../store/database.ts';
import { findDirectoryStatus } from '../store/directory/sync-state.ts';
import { listPositions } from '../store/record/position.ts';
import { loadSettings } from '../store/setting.ts';
import { countLongTimeouts } from '../store/webhook/count.ts';

/** Discards all log lines: what matters is among the findings. */
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Runs all checks. @param receiver a webhook's URL to check as well. */
export async function runDoctor(
  config: Config,
  receiver: URL | undefined,
): Promise<readonly Finding[]> {
  const databaseUrl = config.database.url ?? (await findEmbeddedPostgres(config.dataDir));
  const store =
    databaseUrl === undefined ? undefined : await openStore(databaseUrl, { poolMax: 3 });
  try {
    const groups = await Promise.all([
      examineDatabase(config, databaseUrl ?? '', store),
      examine('data directory', () =>
        inspectDataDir(config.dataDir, config.database.url === undefined),
      ),
      examineKey(config, store),
      ...examineSources(config, store),
      examineTimeouts(config, store),
      examineDirectory(config, store),
      ...examineOidc(config),
      ...examineEgress(config, databaseUrl ?? '', receiver),
      examine('http', () => inspectPort(config.http, localUrl(config.http))),
    ]);
    return groups.flat();
  } finally {
    await store?.close();
  }
}

/** Longer than a notification takes, shorter than a person waits. */
const notificationMsMax = 3_000;

async function examineDatabase(
  { database: { migrate: migrates, poolMax, apiPoolMax }, dataDir }: Config,
  url: string,
  store: Store | undefined,
): Promise<readonly Finding[]> {
  return examine('database', async () => {
    if (store) {
      // The last one listens to changes.
      const connections = poolMax + apiPoolMax + 1;
      const view = await inspectDatabase(store, Date.now);
      const findings = judgeDatabase(view, { migrates, connections });
      // A standby refuses LISTEN.
      if (view.isStandby) return findings;
      const areHeard = await areNotificationsHeard(url, databaseOf(store), notificationMsMax);
      return [...findings, judgeNotifications(areHeard)];
    }
    const found = `no database is running; \`hookline serve\` starts an embedded one in ${dataDir}`;
    const hint = 'This is fine for trying out. For production, set HOOKLINE_DATABASE_URL.';
    return [{ state: 'warn', found, hint }];
  });
}

async function examineKey(
  { secretKey, secretKeyPrevious, dataDir }: Config,
  store: Store | undefined,
): Promise<readonly Finding[]> {
  return examine('secret key', async () => {
    const file = secretKey ? null : await findSecretKey(dataDir);
    const key = secretKey ?? file?.key;
    // Without tables there are no secrets to try; if the database has a problem, its own check reports it.
    const isReady = store !== undefined && (await hasSchema(store));
    if (!key || !isReady) return judgeKey(file);
    const keys = [key, ...(secretKeyPrevious ? [secretKeyPrevious] : [])] as const;
    return [...judgeKey(file), judgeSecrets(await trySecrets(databaseOf(store), keys))];
  });
}

async function examineTimeouts(
  { dispatch }: Config,
  store: Store | undefined,
): Promise<readonly Finding[]> {
  return examine('time limits', async () => {
    if (!store || !(await hasSchema(store))) {
      return [judgeTimeouts(dispatch, { webhooks: 0, settings: [] })];
    }
    const database = databaseOf(store);
    const { timeoutMsMax } = dispatch;
    const rows = await loadSettings(database);
    const settings = rows
      .filter(({ name, value }) => name === timeoutSetting && Number(value) * 1_000 > timeoutMsMax)
      .map(({ scope, scopeId }) =>
        scope === 'global' ? 'the whole installation' : `${scope} ${scopeId}`,
      );
    const webhooks = await countLongTimeouts(database, timeoutMsMax);
    return [judgeTimeouts(dispatch, { webhooks, settings })];
  });
}

const timeoutSetting = 'webhook.delivery.timeout';

async function hasSchema(store: Store): Promise<boolean> {
  const view = await inspectDatabase(store, Date.now).catch(() => undefined);
  return view?.pending.length === 0;
}

function examineSources(
  config: Config,
  store: Store | undefined,
): readonly Promise<readonly Finding[]>[] {
  const { sources } = config;
  if (sources.length > 0) return sources.map(source => examineSource(source, config, store));
  return [
    examine('sources', async () => [
      {
        state: 'warn',
        found: 'none is configured: events arrive by POST /v1/events only',
        hint: 'Set HOOKLINE_AMQP_URL or HOOKLINE_KAFKA_BROKERS, or list sources in the configuration file.',
      },
    ]),
  ];
}

async function examineSource(
  source: SourceConfig,
  config: Config,
  store: Store | undefined,
): Promise<readonly Finding[]> {
  return examine(`source ${source.name}`, async signal => {
    createNormalizers({ ...config, sources: [source] });
    switch (source.kind) {
      case 'rabbitmq':
        return [
          ...judgeRabbitmq(await inspectRabbitmq({ ...source, log: silent }, signal), source),
          ...(await inspectRestored(localUrl(config.http), source.name)),
        ];
      case 'kafka': {
        const stored = await findPositions(source.name, store);
        const view = await inspectKafka({
          ...source,
          stored: stored?.positions ?? [],
          log: silent,
        });
        return [...judgeKafka(view, source), ...(stored ? judgeLost(stored) : [])];
      }
      case 'http':
        return [describeHttpSource(source)];
    }
  });
}

/** If the database has a problem, its own check reports it. */
async function findPositions(
  source: string,
  store: Store | undefined,
): Promise<StoredPositions | undefined> {
  if (!store || !(await hasSchema(store))) return undefined;
  return listPositions(databaseOf(store), source);
}

async function examineDirectory(
  { directory }: Config,
  store: Store | undefined,
): Promise<readonly Finding[]> {
  if (!directory) {
    const found = 'no cloud is configured: domains and accounts are created by hand or imported';
    return [{ check: 'directory', state: 'ok', found }];
  }
  const [cloud, snapshot] = await Promise.all([
    examine('directory', async signal => [
      judgeCloud(directory, await askCloud(directory, signal)),
    ]),
    examine('directory', async () =>
      store && (await hasSchema(store))
        ? [judgeSnapshot(directory, await findDirectoryStatus(databaseOf(store)))]
        : [],
    ),
  ]);
  return [...cloud, ...snapshot];
}

async function askCloud(directory: DirectoryConfig, signal: AbortSignal) {
  return directory.kind === 'cloudstack'
    ? inspectCloudstack(createCloudstackClient({ ...directory, now: Date.now }), signal)
    : inspectKeystone(createKeystoneClient(directory), signal);
}

function examineOidc({ oidc }: Config): readonly Promise<readonly Finding[]>[] {
  if (!oidc) return [];
  return [
    examine('oidc', async () => {
      await using provider = createOidcProvider(oidc, Date.now);
      // Building the URL fetches the provider's metadata; nobody opens it.
      await provider.authorizationUrl(newChecks());
      return [{ state: 'ok', found: `the provider ${oidc.issuer} answers` }];
    }),
  ];
}

function examineEgress(
  config: Config,
  databaseUrl: string,
  receiver: URL | undefined,
): Promise<readonly Finding[]>[] {
  const { egress } = config;
  const open = () =>
    openEgress({ config, databaseUrl, lookup: createResolver(), onBlocked: () => {} });
  return [
    examine('egress', async () => {
      open();
      return [describeRules(egress), ...(egress.proxy ? [await inspectProxy(egress.proxy)] : [])];
    }),
    ...(receiver
      ? [examine(`url ${receiver.host}`, () => inspectReceiver(receiver, open(), egress.proxy))]
      : []),
  ];
}
