/** An API on a database of its own, asked in process: no port, no network. */
import { randomBytes } from 'node:crypto';

import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';

import { createLocalToken, ensureAdmin } from '../../src/access/bootstrap.ts';
import { createApi } from '../../src/api/api.ts';
import type { ApiOptions, SourceControl } from '../../src/api/context.ts';
import { listFormats } from '../../src/format/formats.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { createIdGenerator } from '../../src/event/id.ts';
import { createMatchIndex } from '../../src/match/match-index.ts';
import { openTransport, type Transport } from '../../src/dispatch/transport.ts';
import { SettingSync } from '../../src/setting/setting-sync.ts';
import type { Log } from '../../src/event/log.ts';
import { Turns } from '../../src/event/turns.ts';
import type { SettingDefaults } from '../../src/setting/definition.ts';
import { openRequestStore, openStore } from '../../src/store/connection/open.ts';
import { databaseOf } from '../../src/store/database.ts';
import type { Store } from '../../src/store/database.ts';
import { createTestDatabase } from '../service/shared.ts';

export const secretKey = Buffer.alloc(32, 1);
export const newId = createIdGenerator(Date.now, randomBytes);

export const settingDefaults: SettingDefaults = {
  'webhook.delivery.tries': '3',
  'webhook.delivery.timeout': '10',
  'webhook.delivery.backoff': '5-600',
  'webhook.delivery.outage': 'hold',
  'webhook.delivery.expire.after': '86400',
  'webhook.failing.disable.after': '432000',
  'webhook.backlog.limit': '400000',
  'account.backlog.limit': '500000',
  'webhook.deliveries.limit': '1000',
  'webhook.deliveries.cleanup.interval': '3600',
  'webhook.deliveries.cleanup.initial.delay': '180',
  'webhook.account.limit': '1000',
  'webhook.delivery.thread.pool.size': '64',
  'webhook.egress.private.ranges': 'none',
};

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  readonly body: AnswerBody;
}

/** What some answer or other has; a test says what it expects of its own. */
export interface AnswerBody {
  readonly id: string;
  readonly name: string;
  readonly username: string;
  readonly role: string;
  readonly issuer: string | null;
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly warnings: readonly string[];
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  readonly items: readonly AnswerBody[];
  readonly nextCursor: string | null;
  readonly account: string;
  readonly accountId: string;
  readonly domainId: string;
  readonly payloadUrl: string;
  readonly sslVerification: boolean;
  readonly hasSecret: boolean;
  readonly updated: string;
  readonly filters: readonly AnswerBody[];
  readonly token: string;
  readonly objectId: string;
  readonly action: string;
  readonly address: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly csrfToken: string;
  readonly scopes: readonly string[];
  readonly kind: string;
  readonly apiKey: string;
  readonly secretKey: string;
  readonly path: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
}

export interface ApiUnderTest extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly store: Store;
  readonly databaseUrl: string;
  readonly token: string;
  /** What was logged, as JSON lines. */
  readonly logged: string[];
  readonly sources: SourceControl[];
  /** Asks as the admin, unless other headers are given. */
  ask(
    method: Method,
    url: string,
    body?: object | string,
    headers?: Record<string, string>,
  ): Promise<Answer>;
}

/** Every name is this machine, and may be asked. */
async function openOwnTransport(databaseUrl: string, store: Store): Promise<Transport> {
  const index = createMatchIndex();
  return openTransport({
    config: loadConfig({
      cwd: '/',
      env: {
        HOOKLINE_DATABASE_URL: databaseUrl,
        HOOKLINE_SECRET_KEY: secretKey.toString('base64'),
        HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8',
        HOOKLINE_HTTP_PUBLIC_URL: 'https://hookline.example',
      },
    }),
    databaseUrl,
    secretKeys: [secretKey],
    lookup: async () => [{ address: '127.0.0.1', family: 4 }],
    index: () => index,
    settings: await SettingSync.open({
      store,
      defaults: settingDefaults,
      timeoutMsMax: 30_000,
      waitMsMax: 60_000,
      pathOf: id => index.pathOf(id),
      log: pino({ level: 'silent' }),
    }),
    onBlocked: () => {},
    log: pino({ level: 'silent' }),
  });
}

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** @param more what is made with the store that the API gets. */
export async function startApi(
  options: Partial<ApiOptions> = {},
  more: MoreOptions = () => ({}),
): Promise<ApiUnderTest> {
  return openApi(await createTestDatabase(), options, more);
}

/** Another process's API on the same database; it is closed before the first one. */
export async function startReplica({ databaseUrl: url }: ApiUnderTest): Promise<ApiUnderTest> {
  return openApi({ url, drop: async () => undefined }, {}, () => ({}));
}

type MoreOptions = (store: Store, log: Log) => Partial<ApiOptions>;

async function openApi(
  database: { readonly url: string; drop(): Promise<void> },
  options: Partial<ApiOptions>,
  more: MoreOptions,
): Promise<ApiUnderTest> {
  const store = await openStore(database.url);
  await ensureAdmin(store, 'correct horse');
  const token = await createLocalToken(databaseOf(store), { username: 'admin', name: 'test' });
  const logged: string[] = [];
  const write = (facts: object, event: string): number =>
    logged.push(JSON.stringify({ event, ...facts }));
  const log = { debug: write, info: write, warn: write, error: write };
  const sources: SourceControl[] = [];
  const transport = await openOwnTransport(database.url, store);
  const requestStore = await openRequestStore(database.url, { poolMax: 5, statementMs: 10_000 });
  const app = createApi({
    store: requestStore,
    recordingStore: store,
    readsMax: 4,
    catchUp: async () => {},
    hearsNotifications: () => true,
    secretKey,
    secretKeys: [secretKey],
    sources: () => sources,
    intakes: () => [],
    ownIntake: 'api',
    metrics: new Registry(),
    formats: listFormats(),
    previews: new Turns({ max: 4, ownerMax: 1 }),
    log,
    settingDefaults,
    timeoutMsMax: 30_000,
    trustedProxies: [],
    connectionsMax: 100,
    console: { folder: '/nowhere', basePath: '/', frameAncestors: [] },
    version: '0.0.0-test',
    newId,
    now: Date.now,
    randomBytes,
    redrive: async () => ({ kind: 'missing' }),
    testDelivery: transport.testDelivery,
    validate: transport.validate,
    judgeUrl: transport.judgeUrl,
    self: { host: 'test', dispatches: false },
    ...options,
    ...more(store, log),
  });
  const ask: ApiUnderTest['ask'] = async (method, url, body, headers) => {
    const answer = await app.inject({
      method,
      url,
      headers: headers ?? { authorization: `Bearer ${token}` },
      ...(body !== undefined && { payload: body }),
    });
    const text = answer.body;
    const parsed: AnswerBody = JSON.parse(text.startsWith('{') ? text : '{}');
    return { status: answer.statusCode, headers: answer.headers, text, body: parsed };
  };
  return {
    app,
    store,
    databaseUrl: database.url,
    token: token ?? '',
    logged,
    sources,
    ask,
    [Symbol.asyncDispose]: async () => {
      await app.close();
      transport.templates.close();
      transport.sender.close();
      await requestStore.close();
      await store.close();
      await database.drop();
    },
  };
}
