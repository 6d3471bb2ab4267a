/** The life of a private service: real, started for us alone, and gone with us. */
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { GuardedProcess, StopOptions } from '../../src/postgres/guarded-process.ts';

export interface Service extends AsyncDisposable {
  /** Ends it in order and, once `away` resolved, starts it again at the same address, with its data. */
  restart(away?: () => Promise<void>): Promise<void>;
  /** Ends it at once, as a crash or a power cut does. `start` brings it back. */
  kill(): Promise<void>;
  /** After `kill`: at the same address, with its data, ready to be used. */
  start(): Promise<void>;
  /** Ends it for good; nothing of it stays. Idempotent. */
  stop(): Promise<void>;
}

export interface ServiceProcess {
  /** Resolves when the service answers. */
  readonly launch: () => Promise<GuardedProcess>;
  /** How it is asked to end. */
  readonly signal: NodeJS.Signals;
}

const stopDeadlineMs = 30_000;

export async function startService({ launch, signal }: ServiceProcess): Promise<Service> {
  let running: GuardedProcess | undefined = await launch();
  const end = async (how: Omit<StopOptions, 'deadlineMs'>): Promise<void> => {
    const ending = running;
    running = undefined;
    await ending?.stop({ ...how, deadlineMs: stopDeadlineMs });
  };
  const start = async (): Promise<void> => {
    if (running) throw new RangeError('the service is running already');
    running = await launch();
  };
  const stop = async (): Promise<void> => end({ signal });
  return {
    start,
    stop,
    kill: async () => end({ signal: 'SIGKILL', keepDirectory: true }),
    restart: async away => {
      await end({ signal, keepDirectory: true });
      try {
        await away?.();
      } finally {
        await start();
      }
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** A service somebody else runs: it can be used, and is left alone. */
export function foreignService(what: string): Service {
  const refuse = async (): Promise<never> => {
    throw new Error(`${what} is not ours to stop and start`);
  };
  return {
    start: refuse,
    kill: refuse,
    restart: refuse,
    stop: leave,
    [Symbol.asyncDispose]: leave,
  };
}

async function leave(): Promise<void> {}

/**
 * Gives `use` an empty directory that `owner`, and only that user, may write to and remove. It stays when `use`
 * succeeds: the service removes it in the end.
 */
export async function inNewDirectory<T>(
  name: string,
  owner: { readonly uid: number; readonly gid: number } | undefined,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), `hookline-${name}-`));
  try {
    await chmod(directory, 0o755);
    if (owner) await chown(directory, owner.uid, owner.gid);
    return await use(directory);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

const portMin = 12_000;
const portMax = 32_000;

/**
 * A free loopback port below the range that systems take outgoing connections' ports from, so that nobody takes it
 * while the service that had it is being restarted.
 */
export async function reservePort(): Promise<number> {
  for (;;) {
    const port = portMin + Math.floor(Math.random() * (portMax - portMin));
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise(resolve => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
