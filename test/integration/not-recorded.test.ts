/** Sources whose broker is well and whose messages the database does not record: what each place that shows a state says. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadConfig } from '../../src/config/load/load.ts';
import type { Finding } from '../../src/event/finding.ts';
import { serve, type Served } from '../../src/serve.ts';
import { createDice } from '../demo/dice.ts';
import { eventNumber } from '../e2e/crash-tenants.ts';
import { publishToRabbitmq, type Publisher } from '../demo/publish.ts';
import {
  createTestDatabase,
  sharedService,
  type TestDatabase,
  uniqueName,
} from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';
import { runIn } from './cli-harness.ts';

const token = 'the-token-of-the-sender';
/** Promised; the test's own look comes on top. */
const soon = { timeout: 5_000, interval: 100 };
const later = { timeout: 15_000, interval: 100 };

let cwd: string;
let database: TestDatabase;
let env: Record<string, string>;
let served: Served;
let bearer: string;
let publisher: Publisher;
const logged: string[] = [];

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'hookline-not-recorded-'));
  database = await createTestDatabase();
  const { url } = await sharedService('rabbitmq');
  const exchange = uniqueName('exchange');
  publisher = await publishToRabbitmq(url, exchange);
  env = {
    HOOKLINE_DATABASE_URL: database.url,
    HOOKLINE_SECRET_KEY: Buffer.alloc(32).toString('base64'),
    HOOKLINE_ADMIN_PASSWORD: 'correct horse battery staple',
    HOOKLINE_HTTP_PORT: '0',
    HOOKLINE_AMQP_URL: url,
    HOOKLINE_AMQP_EXCHANGE: exchange,
    HOOKLINE_AMQP_QUEUE: uniqueName('queue'),
    HOOKLINE_LEASE_TTL_MS: '2000',
    HOOKLINE_SOURCES: JSON.stringify([
      { name: 'x', kind: 'http', format: 'cloudevents', token, waitMs: 30_000 },
    ]),
  };
  served = await serve({
    config: loadConfig({ env, cwd }),
    roles: ['ingest', 'dispatch', 'api', 'janitor'],
    log: pino({ level: 'info' }, { write: line => void logged.push(line) }),
    signal: new AbortController().signal,
  });
  const login = await ask('POST', '/v1/login', {
    username: 'admin',
    password: 'correct horse battery staple',
  });
  bearer = String(login.body['token']);
  await waitUntil(
    'readiness',
    async () => (await ask('GET', '/readyz')).body['status'] === 'ready',
  );
});

afterAll(async () => {
  await served.stop();
  await publisher[Symbol.asyncDispose]();
  await database.drop();
  rmSync(cwd, { recursive: true });
});

async function ask(method: string, path: string, body?: object) {
  const response = await fetch(`${served.url}${path}`, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      authorization: `Bearer ${bearer}`,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed: Record<string, unknown> = response.headers.get('content-type')?.includes('json')
    ? JSON.parse(text)
    : { text };
  return { status: response.status, body: parsed };
}

async function query(sql: string): Promise<unknown[]> {
  const client = new Client(database.url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** State and reason of a source by each way that shows them, and what the whole is called. */
async function shown(name: string): Promise<Record<string, unknown>> {
  const ready = await ask('GET', '/readyz');
  const list = await ask('GET', '/v1/sources');
  const metrics = await ask('GET', '/metrics');
  const find = (items: unknown): Record<string, unknown> =>
    (Array.isArray(items) ? items : []).find((one: { name: string }) => one.name === name) ?? {};
  return {
    ready: ready.body['status'],
    database: ready.body['database'],
    inReady: find(ready.body['sources'])['state'],
    listed: find(list.body['items'])['state'],
    reason: find(list.body['items'])['reason'],
    metric: new RegExp(`hookline_source_state\\{source="${name}",state="(\\w+)"\\} 1`).exec(
      String(metrics.body['text']),
    )?.[1],
  };
}

const well = {
  ready: 'ready',
  database: 'ok',
  inReady: 'running',
  listed: 'running',
  reason: undefined,
  metric: 'running',
};

const unwell = (reason: RegExp, of = 'ok') => ({
  ready: 'degraded',
  database: of,
  inReady: 'waiting',
  listed: 'waiting',
  reason: expect.stringMatching(reason),
  metric: 'waiting',
});

function post(): Promise<Response> {
  const id = uniqueName('event');
  return fetch(`${served.url}/v1/in/x`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/cloudevents+json',
    },
    body: JSON.stringify({ specversion: '1.0', id, source: '/s', type: 'vm.off', subject: id }),
  });
}

const dice = createDice(1);

const publish = async (count: number): Promise<void> =>
  publisher.publish(Array.from({ length: count }, (_, number) => eventNumber(number, dice)));

async function lagOf(name: string): Promise<unknown> {
  const { body } = await ask('GET', '/v1/sources');
  const items: { name: string; lag?: number }[] = Object(body['items']);
  return items.find(one => one.name === name)?.lag;
}

describe('a source that records nothing', () => {
  it('waits, in the database’s own words, until it records again; its lag is the broker’s', async () => {
    await query('alter table event rename to gone');
    await publish(3);
    const answer = post();
    const words = /^not recorded: relation "event" does not exist$/;
    await expect.poll(() => shown('rabbitmq'), soon).toEqual(unwell(words));
    await expect.poll(() => shown('x'), soon).toEqual(unwell(words));
    await publish(40);
    await expect.poll(() => lagOf('rabbitmq'), later).toBe(43);
    expect(await lagOf('x')).toBe(1);
    await query('alter table gone rename to event');
    await expect.poll(() => shown('rabbitmq'), later).toEqual(well);
    expect((await answer).status).toBe(202);
    expect(await shown('x')).toEqual(well);
    const changes = logged.filter(line => line.includes('"source.changed"'));
    expect(changes.filter(line => line.includes('not recorded')).length).toBe(2);
  });

  it('waits while the database does not get done with what it was given', async () => {
    const client = new Client(database.url);
    await client.connect();
    await client.query('begin');
    await client.query('lock table event in exclusive mode');
    const answer = post();
    const words = /^not recorded: PostgreSQL has not answered for \d s$/;
    await expect.poll(() => shown('x'), { ...soon, timeout: 6_000 }).toEqual(unwell(words));
    await client.query('rollback');
    await client.end();
    expect((await answer).status).toBe(202);
    await expect.poll(() => shown('x'), later).toEqual(well);
  });

  it('waits where the database is read-only, though nothing comes; the API reads, and changes nothing', async () => {
    const name = `"${new URL(database.url).pathname.slice(1)}"`;
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;
    await query(`alter database ${name} set default_transaction_read_only = on`);
    await query(cut);
    const words = /^not recorded: cannot execute [A-Z ]+ in a read-only transaction$/;
    for (const source of ['rabbitmq', 'x', 'api']) {
      await expect.poll(() => shown(source), soon).toEqual(unwell(words, 'read-only'));
    }
    // The token's last use is long ago, and is not noted.
    for (const path of ['/v1/sources', '/v1/webhooks', '/v1/events', '/v1/domains']) {
      expect((await ask('GET', path)).status).toBe(200);
    }
    const changed = await ask('POST', '/v1/domains', { name: 'new' });
    expect(changed).toMatchObject({
      status: 503,
      body: { code: 'database_unavailable', detail: expect.stringContaining('read-only') },
    });
    const port = new URL(served.url ?? '').port;
    const examined = await runIn({ cwd, env: { ...env, HOOKLINE_HTTP_PORT: port } }, [
      'doctor',
      '--json',
    ]);
    const findings: readonly Finding[] = JSON.parse(examined.out);
    const ofHttp = findings.filter(({ check }) => check === 'http').map(({ found }) => found);
    expect(ofHttp[0]).toMatch(/: degraded, database read-only$/);
    expect(ofHttp.join('\n')).toMatch(
      /there, the source rabbitmq is waiting: not recorded: cannot execute .* in a read-only transaction/,
    );
    const client = new Client(database.url);
    await client.connect();
    await client.query('set default_transaction_read_only = off');
    await client.query(`alter database ${name} reset default_transaction_read_only`);
    await client.query(cut);
    await client.end();
    await expect.poll(() => shown('rabbitmq'), later).toEqual(well);
    expect((await ask('POST', '/v1/domains', { name: 'new' })).status).toBe(201);
  });
});
