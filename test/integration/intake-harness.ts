/** Hookline in this process, on a database of its own, with sources that others post to, or of a bus. */
import { tmpdir } from 'node:os';

import { pino } from 'pino';

import { loadConfig } from '../../src/config/load/load.ts';
import { processRoles, type ProcessRole } from '../../src/wire.ts';
import { serve } from '../../src/serve.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { createTestDatabase } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';

export const token = 'the-token-of-the-sender';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface IntakeHarness extends AsyncDisposable {
  /** Of the API. */
  readonly url: string;
  readonly databaseUrl: string;
  /** What was logged, as JSON lines. */
  readonly logged: readonly string[];
  send(path: string, init: RequestInit): Promise<Answer>;
  /** To a source, with the token that they all have. */
  post(
    source: string,
    body: string | Uint8Array,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** As the user `admin`. */
  ask(method: string, path: string, body?: object): Promise<Answer>;
  rows<T = Record<string, unknown>>(query: string): Promise<T[]>;
  /** Resolves when every source runs. */
  untilReady(): Promise<void>;
  /** Of a user: `admin` by default. */
  login(username?: string, password?: string): Promise<string>;
}

export interface HarnessOptions {
  /** One without a kind is of kind `http` and has `token`, unless it says otherwise. */
  readonly sources?: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly roles?: readonly ProcessRole[];
  /** Do not wait until the sources run: what they listen to is not there yet. */
  readonly waits?: boolean;
}

const adminPassword = 'correct horse battery staple';

export async function openIntakeHarness(options: HarnessOptions = {}): Promise<IntakeHarness> {
  const database = await createTestDatabase();
  const sources =
    options.sources?.map(source =>
      source['kind'] === undefined ? { kind: 'http', token, ...source } : source,
    ) ?? [];
  const config = loadConfig({
    env: {
      HOOKLINE_DATABASE_URL: database.url,
      HOOKLINE_HTTP_PORT: '0',
      HOOKLINE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
      HOOKLINE_ADMIN_PASSWORD: adminPassword,
      HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8',
      HOOKLINE_SOURCES: JSON.stringify(sources),
      ...options.environment,
    },
    cwd: tmpdir(),
  });
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: line => void logged.push(line) });
  const { signal } = new AbortController();
  const served = await serve({ config, roles: options.roles ?? processRoles, log, signal });
  const store = await openStore(database.url);
  const { url = '' } = served;

  const send: IntakeHarness['send'] = async (path, init) => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    const body: Answer['body'] = text === '' ? {} : JSON.parse(text);
    return { status: response.status, headers: response.headers, body };
  };
  const login: IntakeHarness['login'] = async (username = 'admin', password = adminPassword) => {
    const { body } = await send('/v1/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    return String(body['token']);
  };
  const admin = await login();
  const ask: IntakeHarness['ask'] = (method, path, body) =>
    send(path, {
      method,
      headers: {
        authorization: `Bearer ${admin}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  const untilReady: IntakeHarness['untilReady'] = async () => {
    await waitUntil(
      'the sources to run',
      async () => (await send('/readyz', { method: 'GET' })).body['status'] === 'ready',
      60_000,
    );
  };
  if (options.waits !== true) await untilReady();
  return {
    url,
    databaseUrl: database.url,
    logged,
    send,
    post: (source, body, headers) =>
      send(`/v1/in/${source}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          ...headers,
        },
        body: typeof body === 'string' ? body : new Uint8Array(body),
      }),
    ask,
    untilReady,
    login,
    rows: async query => store.em.fork().execute(query),
    [Symbol.asyncDispose]: async () => {
      await served.stop();
      await store.close();
      await database.drop();
    },
  };
}
