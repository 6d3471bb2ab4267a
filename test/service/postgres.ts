/** A private PostgreSQL with an empty cluster, its settings PostgreSQL's own defaults: commits reach the disk. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { Client } from 'pg';

import {
  type ClusterFiles,
  type ClusterOptions,
  initialiseCluster,
  startCluster,
  superuser,
} from '../../src/postgres/cluster.ts';
import { postgresUser } from '../../src/postgres/postgres-binaries.ts';
import { findPostgresPrograms, type PostgresEdition } from './postgres-programs.ts';
import { inNewDirectory, reservePort, type Service, startService } from './service.ts';

export interface Postgres extends Service {
  /** Of the database named, or of `postgres`; password included. */
  url(database?: string): string;
  /** @param template The database to copy; nobody may be connected to it. */
  createDatabase(name: string, template?: string): Promise<void>;
}

export interface PostgresOptions {
  /** `embedded` when absent. */
  readonly edition?: PostgresEdition;
  /** As in postgresql.conf, such as `{ max_connections: '300' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const user = await postgresUser();
  const { edition = 'embedded' } = options;
  return inNewDirectory('postgres', user, async home => {
    const binaries = await findPostgresPrograms(edition, user, join(home, 'programs'));
    return startIn(home, { binaries, directory: join(home, 'cluster'), user }, options);
  });
}

async function startIn(
  home: string,
  files: ClusterFiles,
  { settings }: PostgresOptions,
): Promise<Postgres> {
  const password = newPassword();
  await initialiseCluster(files, password);
  return serveCluster(home, files, { password, settings });
}

export const newPassword = (): string => randomBytes(12).toString('hex');

export interface ServeClusterOptions {
  /** That of the superuser. */
  readonly password: string;
  readonly settings?: PostgresOptions['settings'];
}

/**
 * Starts a server on a cluster that exists.
 *
 * @param home The directory that is removed with the server.
 */
export async function serveCluster(
  home: string,
  files: ClusterFiles,
  { password, settings = {} }: ServeClusterOptions,
): Promise<Postgres> {
  const port = await reservePort();
  const options: ClusterOptions = { port, settings, onDeath: { remove: home } };
  const url = (database = 'postgres'): string =>
    `postgresql://${superuser}:${password}@127.0.0.1:${port}/${database}`;
  const service = await startService({
    launch: async () => (await startCluster(files, options)).process,
    signal: 'SIGINT',
  });
  return {
    ...service,
    url,
    createDatabase: async (name, template = 'template1') => createDatabase(url(), name, template),
  };
}

/** @param url Of any other database of the same server, and a user who may create databases. */
export async function createDatabase(url: string, name: string, template: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    const [quotedName, quotedTemplate] = [name, template].map(client.escapeIdentifier.bind(client));
    await client.query(`create database ${quotedName} template ${quotedTemplate}`);
  } finally {
    await client.end();
  }
}
