/**
 * Creates a PostgreSQL cluster, and starts a server on it that ends with this process.
 *
 * Source: PostgreSQL 18, "Creating a Database Cluster", "Shutting Down the Server", `src/backend/utils/init/miscinit.c`
 * (`CreateLockFile`: the lines of `postmaster.pid`).
 */
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import { type GuardedProcess, spawnGuarded } from './guarded-process.ts';
import type { PostgresBinaries, UnixUser } from './postgres-binaries.ts';

export interface ClusterFiles {
  readonly binaries: PostgresBinaries;
  /** Data directory of the cluster. */
  readonly directory: string;
  readonly user: UnixUser | undefined;
}

export interface ClusterOptions {
  /** Port of the server; absent: a free one is chosen. */
  readonly port?: number;
  /** Further settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What happens when this process dies: the server stops in order, or is killed and the named directory removed. */
  readonly onDeath: 'stop' | { readonly remove: string };
  readonly log?: (line: string) => void;
}

export interface Cluster {
  readonly port: number;
  readonly process: GuardedProcess;
}

export const superuser = 'hookline';

const startTriesMax = 5;
const retryMs = 200;
/** The second says so on a standby. */
const ready = /database system is ready to accept (read-only )?connections/;

/** As PostgreSQL 17 and newer have it, whatever the machine has. */
const builtinLocale = [
  ['--locale', 'C'],
  ['--locale-provider', 'builtin'],
  ['--builtin-locale', 'C.UTF-8'],
].flat();

/**
 * Creates a cluster in the directory, which must be empty or absent. Its encoding is UTF-8, its collation by code point on
 * every machine, and its only user is `superuser`.
 */
export async function initialiseCluster(
  { binaries, directory, user }: ClusterFiles,
  password: string,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (user) await chown(directory, user.uid, user.gid);
  const passwordFile = `${directory}.password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flush: true });
  try {
    if (user) await chown(passwordFile, user.uid, user.gid);
    const initdb = spawnGuarded(
      binaries.initdb,
      [
        ['--pgdata', directory],
        ['--username', superuser],
        ['--pwfile', passwordFile],
        ['--auth', 'scram-sha-256'],
        ['--encoding', 'UTF8'],
        binaries.locale ?? builtinLocale,
      ].flat(),
      { deathSignal: 'KILL', directory, user },
    );
    const ended = await initdb.exited;
    await initdb.stop({ signal: 'SIGTERM', deadlineMs: 1_000, keepDirectory: ended === 'code 0' });
    if (ended !== 'code 0') {
      throw new Error(`initdb ended with ${ended}:\n${initdb.lastOutput()}`);
    }
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/**
 * Starts the server on a loopback port and waits until it answers, recovery after a crash included.
 *
 * @throws Error with the server's output when it does not start.
 */
export async function startCluster(files: ClusterFiles, options: ClusterOptions): Promise<Cluster> {
  for (let tries = 1; ; tries += 1) {
    const port = options.port ?? (await freePort());
    const server = spawnServer(files, options, port);
    const ended = await server.started;
    if (ended === undefined) return { port, process: server.process };
    const output = server.process.lastOutput();
    await server.process.stop({ signal: 'SIGINT', deadlineMs: 1_000, keepDirectory: true });
    if (tries >= startTriesMax || !isTransient(output, options)) {
      throw new Error(`PostgreSQL ended with ${ended} while starting:\n${output}`);
    }
    await wait(retryMs);
  }
}

/** Stops the server in order: it rolls back transactions and writes a checkpoint. */
export async function stopCluster(cluster: Cluster, keepDirectory: boolean): Promise<void> {
  await cluster.process.stop({ signal: 'SIGINT', deadlineMs: 60_000, keepDirectory });
}

/** Finds a loopback TCP port that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Whether starting again may help: another program took the port, or processes of a killed server are still ending. */
function isTransient(output: string, options: ClusterOptions): boolean {
  if (output.includes('is still in use')) return true;
  return options.port === undefined && output.includes('could not bind');
}

function spawnServer(
  { binaries, directory, user }: ClusterFiles,
  { settings, onDeath, log }: ClusterOptions,
  port: number,
): { process: GuardedProcess; started: Promise<string | undefined> } {
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    cluster_name: 'hookline',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    ...settings,
  };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const readyLine = Promise.withResolvers<undefined>();
  const server = spawnGuarded(binaries.postgres, ['-D', directory, ...args], {
    deathSignal: onDeath === 'stop' ? 'INT' : 'KILL',
    directory: onDeath === 'stop' ? undefined : onDeath.remove,
    user,
    onLine: line => {
      log?.(line);
      if (ready.test(line)) readyLine.resolve(undefined);
    },
  });
  return { process: server, started: Promise.race([readyLine.promise, server.exited]) };
}
