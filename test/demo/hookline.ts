/** Hookline as its users have it: the real process, configured by its environment and managed by REST. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { type GuardedProcess, spawnGuarded } from '../../src/postgres/guarded-process.ts';
import { inNewDirectory, reservePort } from '../service/service.ts';
import { isReady } from '../service/readiness.ts';

export interface Hookline extends AsyncDisposable {
  /** Of the API and the console. */
  readonly url: string;
  readonly adminPassword: string;
  /** As the user `admin`. @throws Error with the answer's text when the status is no success. */
  post(path: string, body: object): Promise<void>;
  /** How many pairs of event and webhook are recorded as delivered. */
  countDelivered(): Promise<number>;
  /** Resolves when the database answers and every source runs, or `signal` aborts. */
  untilReady(signal: AbortSignal): Promise<void>;
  /** Settles when the process has ended, and says how. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

export interface HooklineOptions {
  /** `HOOKLINE_…`: what the process is configured with beside its own database, port and password. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

const main = resolve(import.meta.dirname, '../../src/main.ts');
const stopDeadlineMs = 30_000;
const pollMs = 50;
const pageMax = 500;

/** With an embedded PostgreSQL in a directory of its own, which goes with it. */
export async function startHookline({ environment, onLine }: HooklineOptions): Promise<Hookline> {
  const port = await reservePort();
  const adminPassword = randomBytes(9).toString('base64url');
  return inNewDirectory('demo', undefined, async directory => {
    const hookline = spawnGuarded(process.execPath, [main, 'serve'], {
      deathSignal: 'KILL',
      directory,
      onLine,
      env: {
        ...withoutHookline(process.env),
        HOOKLINE_DATA_DIR: directory,
        HOOKLINE_HTTP_PORT: String(port),
        HOOKLINE_ADMIN_PASSWORD: adminPassword,
        HOOKLINE_LOG_LEVEL: 'warn',
        // The receiver is on this machine, where no webhook may go unless it is allowed.
        HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8,::1/128',
        ...environment,
      },
    });
    return handle(hookline, `http://127.0.0.1:${port}`, adminPassword);
  });
}

function handle(hookline: GuardedProcess, url: string, adminPassword: string): Hookline {
  const stop = async (): Promise<void> =>
    hookline.stop({ signal: 'SIGTERM', deadlineMs: stopDeadlineMs });
  let token: Promise<string> | undefined;
  const ask = async (path: string, body?: object): Promise<JsonObject> => {
    token ??= logIn(url, adminPassword);
    return request(url + path, { body, token: await token });
  };
  return {
    url,
    adminPassword,
    exited: hookline.exited,
    post: async (path, body) => void (await ask(path, body)),
    countDelivered: async () => countDelivered(ask),
    untilReady: async signal => {
      let ended: string | undefined;
      void hookline.exited.then(how => (ended = how));
      while (!signal.aborted && !(await isReady(url))) {
        if (ended !== undefined) {
          throw new Error(`Hookline did not start (${ended}):\n${hookline.lastOutput()}`);
        }
        await wait(pollMs);
      }
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function countDelivered(ask: (path: string) => Promise<JsonObject>): Promise<number> {
  const delivered = new Set<string>();
  let cursor: unknown = null;
  do {
    const from = typeof cursor === 'string' ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const page = await ask(`/v1/deliveries?state=delivered&limit=${pageMax}${from}`);
    if (!Array.isArray(page['items'])) throw new Error('a list of deliveries has no items');
    for (const { eventId, webhookId } of page['items']) delivered.add(`${eventId} ${webhookId}`);
    cursor = page['nextCursor'];
  } while (cursor !== null);
  return delivered.size;
}

async function logIn(url: string, password: string): Promise<string> {
  const { token } = await request(`${url}/v1/login`, { body: { username: 'admin', password } });
  if (typeof token !== 'string') throw new Error('the answer to a log-in holds no token');
  return token;
}

type JsonObject = Readonly<Record<string, unknown>>;

async function request(
  url: string,
  { body, token }: { body?: object | undefined; token?: string },
): Promise<JsonObject> {
  const response = await fetch(url, {
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  const answer: JsonObject = JSON.parse(text);
  return answer;
}

/** What the shell has set for a Hookline of its own is not meant for this one. */
function withoutHookline(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith('HOOKLINE_')),
  );
}
