/**
 * How a test file gets at the services of its run. They are shared by all files: name queues, exchanges, topics and
 * databases so that nobody else has the same.
 */
import { randomUUID } from 'node:crypto';

import { Client } from 'pg';
import { inject } from 'vitest';

import { createDatabase } from './postgres.ts';
import type { PostgresEdition } from './postgres-programs.ts';
import type { SharedServices } from './shared-services.ts';

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** Ends every connection to it. */
  drop(): Promise<void>;
}

/** @throws Error saying what to install where the service cannot be had. */
export async function sharedService<Name extends keyof SharedServices>(
  name: Name,
): Promise<SharedServices[Name]> {
  const response = await fetch(`${inject('servicesUrl')}/${name}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  const service: SharedServices[Name] = JSON.parse(text);
  return service;
}

/** A database of one's own with the schema of all migrations and no rows. */
export async function createTestDatabase(
  edition: PostgresEdition = 'embedded',
): Promise<TestDatabase> {
  const { url, template } = await sharedService(
    edition === 'embedded' ? 'postgres' : 'distributionPostgres',
  );
  const name = uniqueName('test');
  await createDatabase(url, name, template);
  const own = new URL(url);
  own.pathname = name;
  const drop = async (): Promise<void> => dropDatabase(url, name);
  return { url: own.href, drop, [Symbol.asyncDispose]: drop };
}

/** For queues, topics and the like: `orders-6f0c…`. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}

async function dropDatabase(url: string, name: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`);
  } finally {
    await client.end();
  }
}
