/** Hookline as operators run it: the real process, configured by its environment, ended by signals. */
import { resolve } from 'node:path';

import { spawnGuarded } from '../../src/postgres/guarded-process.ts';
import { waitUntil } from '../service/wait-until.ts';
import { isReady } from '../service/readiness.ts';

export interface HooklineProcess extends AsyncDisposable {
  readonly pid: number;
  /** How it ended: `code 0`, `signal SIGKILL`. */
  readonly exited: Promise<string>;
  /** The same, once it has ended. */
  readonly ended: string | undefined;
  /** Asks until there is an answer. @throws Error with its last output, when it ends or the deadline passes. */
  until<T>(
    what: string,
    ask: () => T | undefined | false | Promise<T | undefined | false>,
    deadlineMs?: number,
  ): Promise<T>;
  /** Resolves with the URL of the API, when it listens. */
  untilStarted(): Promise<string>;
  /** Resolves when the database answers and every source runs. */
  untilReady(): Promise<void>;
  /** As the user `admin`; gives the parsed answer. @throws Error when the status is no success. */
  ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer>;
  /** The log lines with that name, oldest first. */
  logged(name: string): readonly LogLine[];
  signal(name: NodeJS.Signals): void;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

export type Answer = Readonly<Record<string, unknown>>;
export type LogLine = Readonly<Record<string, unknown>>;
export type Environment = Readonly<Record<string, string>>;

export const adminPassword = 'correct horse battery staple';

const ownProgram = resolve(import.meta.dirname, '../../src/main.ts');
const defaults: Environment = {
  HOOKLINE_HTTP_PORT: '0',
  HOOKLINE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  HOOKLINE_ADMIN_PASSWORD: adminPassword,
  // The receivers are here.
  HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8,::1/128',
};

/**
 * @param environment `HOOKLINE_…`, beside a free port, a key, a password, and leave to deliver to this machine.
 * @param args of `serve`.
 * @param program the file to run: `src/main.ts` of this checkout, or of a copy.
 */
export function spawnHookline(
  environment: Environment,
  args: readonly string[] = [],
  program = ownProgram,
): HooklineProcess {
  const lines: LogLine[] = [];
  const said: string[] = [];
  const hookline = spawnGuarded(process.execPath, [program, 'serve', ...args], {
    deathSignal: 'KILL',
    env: { ...withoutHookline(process.env), ...defaults, ...environment },
    onLine: line => {
      if (line.startsWith('{')) lines.push(JSON.parse(line));
      // Failed attempts are what most of these tests ask for; they would bury the rest.
      if (!line.includes('"delivery.attempted"')) said.push(line);
    },
  });
  let ended: string | undefined;
  void hookline.exited.then(how => (ended = how));

  const withOutput = (problem: string): Error =>
    new Error(`${problem}; Hookline said last:\n${said.slice(-linesTold).join('\n')}`);
  const until: HooklineProcess['until'] = async (what, ask, deadlineMs = 30_000) => {
    const watched = async () => {
      const answer = await ask();
      const isNone = answer === undefined || answer === false;
      if (isNone && ended !== undefined) throw withOutput(`Hookline ended (${ended})`);
      return answer;
    };
    try {
      return await waitUntil(what, watched, deadlineMs);
    } catch (error) {
      if (ended !== undefined) throw error;
      throw withOutput(error instanceof Error ? error.message : String(error));
    }
  };
  const logged = (name: string): readonly LogLine[] => lines.filter(({ msg }) => msg === name);
  const untilStarted = async (): Promise<string> =>
    until('Hookline to start', () => urlOf(logged('hookline.started')[0]));
  let token: Promise<string> | undefined;
  const kill = async (): Promise<void> =>
    hookline.stop({ signal: 'SIGKILL', deadlineMs: stopDeadlineMs });
  return {
    pid: hookline.pid,
    exited: hookline.exited,
    get ended() {
      return ended;
    },
    until,
    untilStarted,
    untilReady: async () => {
      const url = await untilStarted();
      await until('Hookline to be ready', () => isReady(url));
    },
    ask: async (method, path, body) => {
      const url = await untilStarted();
      token ??= logIn(url);
      return request(method, url + path, { body, token: await token });
    },
    logged,
    signal: name => void process.kill(hookline.pid, name),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

const stopDeadlineMs = 10_000;
/** In the message of an error. */
const linesTold = 40;

function urlOf(line: LogLine | undefined): string | undefined {
  return typeof line?.['url'] === 'string' ? line['url'] : undefined;
}

async function logIn(url: string): Promise<string> {
  const body = { username: 'admin', password: adminPassword };
  const { token } = await request('POST', `${url}/v1/login`, { body });
  if (typeof token !== 'string') throw new Error('the answer to a log-in holds no token');
  return token;
}

async function request(
  method: string,
  url: string,
  { body, token }: { body?: object | undefined; token?: string },
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text}`);
  const answer: Answer = JSON.parse(text === '' ? '{}' : text);
  return answer;
}

/** What the shell has set for a Hookline of its own is not meant for this one. */
function withoutHookline(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !name.startsWith('HOOKLINE_')),
  );
}
