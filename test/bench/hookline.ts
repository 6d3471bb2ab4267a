/** Hookline as it is run: its own process, configured by the environment, driven by REST. */
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { spawnGuarded } from '../../src/postgres/guarded-process.ts';
import { waitUntil } from '../service/wait-until.ts';

export interface Hookline extends AsyncDisposable {
  readonly pid: number;
  /** Of the inspector, with the option `inspect`. */
  readonly inspectorUrl: string | undefined;
  /** @throws Error when the answer is not a success. */
  request(method: string, path: string, body?: object): Promise<unknown>;
  /** Resolves when every outcome is committed. */
  untilWritten(): Promise<void>;
  /** Resolves when the source has its state. */
  untilSource(name: string, state: string): Promise<void>;
}

export interface HooklineOptions {
  readonly databaseUrl: string;
  /** The checkout whose program runs. This one when absent. */
  readonly checkout?: string;
  /** The file of the checkout that runs; `src/main.ts` when absent. */
  readonly program?: string;
  /** Called with each line that it prints. */
  readonly onLine?: (line: string) => void;
  readonly roles?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly inspect?: boolean;
}

const thisCheckout = resolve(import.meta.dirname, '../..');
/** The same for all processes of the bench, as for all replicas of an installation. */
const identity = {
  HOOKLINE_SECRET_KEY: randomBytes(32).toString('base64'),
  HOOKLINE_ADMIN_PASSWORD: randomBytes(12).toString('hex'),
};
const startDeadlineMs = 60_000;

export async function startHookline(options: HooklineOptions): Promise<Hookline> {
  const { databaseUrl, checkout = thisCheckout, roles, env = {}, inspect = false } = options;
  const { program: file = 'src/main.ts', onLine } = options;
  let url: string | undefined;
  let inspectorUrl: string | undefined;
  const program = spawnGuarded(
    process.execPath,
    [
      ...(inspect ? ['--inspect=127.0.0.1:0'] : []),
      join(checkout, file),
      'serve',
      ...(roles === undefined ? [] : ['--roles', roles]),
    ],
    {
      deathSignal: 'KILL',
      env: {
        PATH: process.env['PATH'],
        NODE_OPTIONS: process.env['NODE_OPTIONS'],
        HOOKLINE_DATABASE_URL: databaseUrl,
        HOOKLINE_HTTP_PORT: '0',
        HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8,::1/128',
        ...identity,
        ...env,
      },
      onLine: line => {
        onLine?.(line);
        url ??= /"url":"([^"]+)".*"hookline\.started"/.exec(line)?.[1];
        inspectorUrl ??= /^Debugger listening on (ws:.*)$/.exec(line)?.[1];
      },
    },
  );
  let ended: string | undefined;
  void program.exited.then(how => (ended = how));
  const stop = async (): Promise<void> =>
    program.stop({ signal: 'SIGTERM', deadlineMs: startDeadlineMs });
  try {
    const base = await waitUntil('Hookline to start', () => url ?? ended, startDeadlineMs);
    if (ended !== undefined) throw new Error(`Hookline ended with ${ended}`);
    const request = await openRest(base);
    return {
      pid: program.pid,
      inspectorUrl,
      request,
      untilWritten: async () => untilWritten(base),
      untilSource: async (name, state) => untilSource(request, name, state),
      [Symbol.asyncDispose]: stop,
    };
  } catch (cause) {
    await stop();
    throw new Error(`Hookline did not start:\n${program.lastOutput()}`, { cause });
  }
}

async function openRest(base: string): Promise<Hookline['request']> {
  let token = '';
  const request = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        ...(token !== '' && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const login = { username: 'admin', password: identity.HOOKLINE_ADMIN_PASSWORD };
  token = textIn(await request('POST', '/v1/login', login), 'token');
  return request;
}

/** @throws {RangeError} when the answer has no such text. */
export function textIn(answer: unknown, key: string): string {
  const value: unknown =
    typeof answer === 'object' && answer ? Reflect.get(answer, key) : undefined;
  if (typeof value !== 'string') throw new RangeError(`the answer has no ${key}`);
  return value;
}

export function itemsIn(answer: unknown): readonly unknown[] {
  const items: unknown = typeof answer === 'object' && answer ? Reflect.get(answer, 'items') : [];
  return Array.isArray(items) ? items : [];
}

const pollMs = 50;

async function untilWritten(base: string): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${base}/metrics`)).text();
    if (/^hookline_deliveries_in_memory 0$/m.test(metrics)) return;
    await wait(pollMs);
  }
}

async function untilSource(
  request: Hookline['request'],
  name: string,
  state: string,
): Promise<void> {
  await waitUntil(
    `source ${name} to be ${state}`,
    async () =>
      itemsIn(await request('GET', '/v1/sources')).some(
        source => textIn(source, 'name') === name && textIn(source, 'state') === state,
      ),
    startDeadlineMs,
  );
}
