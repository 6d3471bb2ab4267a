/**
 * The embedded PostgreSQL, used when `HOOKLINE_DATABASE_URL` is not set: one persistent cluster in the data directory, run
 * by this process alone and reachable from this machine alone.
 *
 *     <dataDir>/postgres            the cluster
 *     <dataDir>/postgres.key        the password of its only user, mode 0600
 *     <dataDir>/postgres.owner      the process that runs it, while there is one
 *     <dataDir>/postgres-programs-… a copy of the programs, if the user `postgres` cannot reach the installed ones
 *
 * The server stops in order when its owner dies, however it dies (`guarded-process.ts`). A server that runs without a
 * living owner is still stopping, or its guard was killed as well: it is stopped and started again, never adopted,
 * because only a server started by this process is sure to end with it.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { ConfigError } from '../event/errors.ts';
import {
  type Cluster,
  type ClusterFiles,
  initialiseCluster,
  startCluster,
  stopCluster,
  superuser,
} from './cluster.ts';
import { claimOwnership, ownerOf, type Ownership } from './owner-file.ts';
import {
  canReach,
  findPostgresBinaries,
  postgresUser,
  type UnixUser,
} from './postgres-binaries.ts';
import { isServerOf, readPostmaster } from './postmaster-file.ts';

export interface EmbeddedPostgres extends AsyncDisposable {
  /** URL of the database `postgres`, with its password. */
  readonly url: string;
  /** Resolves when the server has ended, with the way it did: `code 0` after `stop`, `signal SIGKILL` when killed. */
  readonly exited: Promise<string>;
  /** Stops the server in order and releases the directory. Idempotent. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly dataDir: string;
  /** Port of the server; absent: a free one is chosen at each start. */
  readonly port?: number;
  /** Receives the server's log, line by line. */
  readonly log?: (line: string) => void;
}

const orphanDeadlineMs = 60_000;
const pollMs = 50;

/**
 * Starts the server; creates the cluster first if there is none.
 *
 * @throws ConfigError when another living process runs this directory's server (it has to share through
 *   `HOOKLINE_DATABASE_URL`, or use a directory of its own), or when the directory cannot be used.
 */
export async function openEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  const ownership = await claimOwnership(join(dataDir, 'postgres.owner'));
  if (ownership === undefined) throw await alreadyOwned(dataDir);
  try {
    const files = await prepareFiles(dataDir);
    await stopOrphan(files.directory);
    const password = await preparePassword(dataDir);
    if ((await readVersion(files.directory)) === undefined) await initialiseAnew(files, password);
    const cluster = await startCluster(files, { ...options, onDeath: 'stop' });
    return handle(cluster, ownership, urlOf(cluster.port, password));
  } catch (error) {
    await ownership.release();
    throw error;
  }
}

/** Finds the URL of the server that another living process runs on this directory; undefined when there is none. */
export async function findEmbeddedPostgres(dataDir: string): Promise<string | undefined> {
  if ((await ownerOf(join(dataDir, 'postgres.owner'))) === undefined) return undefined;
  const [postmaster, password] = await Promise.all([
    readPostmaster(join(dataDir, 'postgres')),
    readOptional(join(dataDir, 'postgres.key')),
  ]);
  if (postmaster?.status !== 'ready' || password === undefined) return undefined;
  return urlOf(postmaster.port, password.trim());
}

function handle(cluster: Cluster, ownership: Ownership, url: string): EmbeddedPostgres {
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await stopCluster(cluster, true);
    await ownership.release();
  };
  return {
    url,
    exited: cluster.process.exited,
    stop: () => (stopping ??= stop()),
    [Symbol.asyncDispose]: () => (stopping ??= stop()),
  };
}

function urlOf(port: number, password: string): string {
  return `postgresql://${superuser}:${password}@127.0.0.1:${port}/postgres`;
}

async function alreadyOwned(dataDir: string): Promise<ConfigError> {
  const owner = await ownerOf(join(dataDir, 'postgres.owner'));
  return new ConfigError([
    `HOOKLINE_DATA_DIR: ${dataDir}: process ${owner ?? '(just gone)'} already runs the embedded PostgreSQL there; ` +
      'expected a directory of its own for each process, or HOOKLINE_DATABASE_URL to share one database',
  ]);
}

async function prepareFiles(dataDir: string): Promise<ClusterFiles> {
  const user = await postgresUser();
  await letUserEnter(dataDir, user);
  const binaries = await findPostgresBinaries(user, join(dataDir, 'postgres-programs'));
  const directory = join(dataDir, 'postgres');
  const version = await readVersion(directory);
  if (version !== undefined && version !== binaries.major) {
    throw new ConfigError([
      `HOOKLINE_DATA_DIR: ${dataDir}: its database belongs to PostgreSQL ${version}, but this Hookline includes ` +
        `PostgreSQL ${binaries.major}; expected a database of that version (pg_upgrade, or dump and restore)`,
    ]);
  }
  return { binaries, directory, user };
}

/** Lets the user `postgres` enter the data directory; the directories above it are left as they are. */
async function letUserEnter(dataDir: string, user: UnixUser | undefined): Promise<void> {
  if (await canReach(user, dataDir)) return;
  await chmod(dataDir, 0o711);
  if (await canReach(user, dataDir)) return;
  throw new ConfigError([
    `HOOKLINE_DATA_DIR: ${dataDir}: PostgreSQL refuses to run as root and runs as the user postgres, who may not ` +
      'enter it; expected a path that every user may pass through (such as /var/lib/hookline), or another user than root',
  ]);
}

async function preparePassword(dataDir: string): Promise<string> {
  const path = join(dataDir, 'postgres.key');
  const present = await readOptional(path);
  if (present !== undefined && present.trim() !== '') return present.trim();
  const password = randomBytes(24).toString('base64url');
  await writeFile(path, `${password}\n`, { mode: 0o600, flush: true });
  return password;
}

/** Creates the cluster in place of what an interrupted first start left, which has no `PG_VERSION`. */
async function initialiseAnew(files: ClusterFiles, password: string): Promise<void> {
  await rm(files.directory, { recursive: true, force: true });
  await initialiseCluster(files, password);
}

async function readVersion(directory: string): Promise<string | undefined> {
  return (await readOptional(join(directory, 'PG_VERSION')))?.trim();
}

/** Stops a server without an owner. Removes a `postmaster.pid` that names no such server. */
async function stopOrphan(directory: string): Promise<void> {
  const postmaster = await readPostmaster(directory);
  if (postmaster === undefined) return;
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (await endedBy(signal, postmaster.pid, directory)) {
      await rm(join(directory, 'postmaster.pid'), { force: true });
      return;
    }
  }
  throw new Error(`PostgreSQL (process ${postmaster.pid}) on ${directory} does not end`);
}

async function endedBy(signal: NodeJS.Signals, pid: number, directory: string): Promise<boolean> {
  const deadline = Date.now() + orphanDeadlineMs;
  if (await isServerOf(pid, directory)) process.kill(pid, signal);
  while (await isServerOf(pid, directory)) {
    if (Date.now() > deadline) return false;
    await wait(pollMs);
  }
  return true;
}

async function readOptional(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
}
