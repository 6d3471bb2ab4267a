/** A database whose schema `public` belongs to somebody else, as in PostgreSQL 15 and newer: Hookline's tables are where `search_path` leads. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { Client, escapeIdentifier } from 'pg';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { loadConfig } from '../../src/config/load/load.ts';
import type { Finding } from '../../src/event/finding.ts';
import { postgresUser } from '../../src/postgres/postgres-binaries.ts';
import { serve } from '../../src/serve.ts';
import { createDatabase } from '../service/postgres.ts';
import { findPostgresPrograms, type PostgresEdition } from '../service/postgres-programs.ts';
import { sharedService, uniqueName } from '../service/shared.ts';
import { runIn } from './cli-harness.ts';

const run = promisify(execFile);
const token = 'the-token-of-the-sender';
const environment = {
  HOOKLINE_SECRET_KEY: Buffer.alloc(32).toString('base64'),
  HOOKLINE_HTTP_PORT: '0',
};

interface Premises extends AsyncDisposable {
  /** Of a user who may not write in `public`. */
  readonly url: string;
  readonly user: string;
  readonly database: string;
  /** As the administrator, in the same database. */
  query(this: void, sql: string): Promise<unknown[]>;
}

/** A database of its own and a user to whom nothing in it belongs. */
async function openPremises(edition: PostgresEdition = 'embedded'): Promise<Premises> {
  const shared = await sharedService(edition === 'embedded' ? 'postgres' : 'distributionPostgres');
  const database = uniqueName('own');
  // It needs quotes in every statement.
  const user = uniqueName('Own User');
  await createDatabase(shared.url, database, 'template1');
  const administrator = new URL(shared.url);
  administrator.pathname = database;
  const query: Premises['query'] = async sql => ask(administrator.href, sql);
  await query(`create role ${escapeIdentifier(user)} login password 'secret'`);
  const url = new URL(administrator);
  url.username = encodeURIComponent(user);
  url.password = 'secret';
  return {
    url: url.href,
    user,
    database,
    query,
    [Symbol.asyncDispose]: async () => {
      await ask(shared.url, `drop database ${escapeIdentifier(database)} with (force)`);
      await ask(shared.url, `drop role ${escapeIdentifier(user)}`);
    },
  };
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function createSchema({ query, user }: Premises, schema: string): Promise<unknown[]> {
  const [name, owner] = [schema, user].map(escapeIdentifier);
  return query(`create schema ${name} authorization ${owner}`);
}

function setPath({ query, user, database }: Premises, path: string): Promise<unknown[]> {
  const [role, own] = [user, database].map(escapeIdentifier);
  return query(`alter role ${role} in database ${own} set search_path = ${path}`);
}

/** Runs Hookline and has it record one event. */
async function recordOne(url: string): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), 'hookline-own-'));
  const source = { name: 'x', kind: 'http', format: 'cloudevents', token };
  const env = {
    ...environment,
    HOOKLINE_DATABASE_URL: url,
    HOOKLINE_SOURCES: JSON.stringify([source]),
  };
  const served = await serve({
    config: loadConfig({ env, cwd }),
    roles: ['ingest', 'dispatch', 'api', 'janitor'],
    log: pino({ level: 'silent' }),
    signal: new AbortController().signal,
  });
  try {
    expect((await fetch(`${served.url}/readyz`)).status).toBe(200);
    const id = uniqueName('event');
    const answer = await fetch(`${served.url}/v1/in/x`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/cloudevents+json',
      },
      body: JSON.stringify({ specversion: '1.0', id, source: '/s', type: 'vm.off', subject: id }),
    });
    expect(answer.status).toBe(202);
  } finally {
    await served.stop();
    rmSync(cwd, { recursive: true });
  }
}

/** Runs a command line on that database. */
async function hookline(url: string, ...args: string[]) {
  const cwd = mkdtempSync(join(tmpdir(), 'hookline-own-'));
  try {
    const env = { ...environment, HOOKLINE_DATABASE_URL: url };
    const { code, out, err } = await runIn({ cwd, env }, [...args, '--json']);
    return { code, answer: JSON.parse(out === '' ? 'null' : out), err };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

async function findingsOf(url: string): Promise<readonly string[]> {
  const { answer } = await hookline(url, 'doctor');
  const findings: readonly Finding[] = answer;
  return findings
    .filter(({ check, state }) => check === 'database' && state !== 'ok')
    .map(({ state, found, hint }) => `${state} ${found} → ${hint}`);
}

interface Way {
  readonly way: string;
  /** Of the schema; empty for that of the user. */
  readonly name: string;
  /** Makes `search_path` lead there, and gives the URL. */
  lead(this: void, premises: Premises, schema: string): Promise<string>;
}

const ways: readonly Way[] = [
  {
    way: 'by the setting of the role',
    name: 'hk',
    lead: async (premises, schema) => {
      await setPath(premises, schema);
      return premises.url;
    },
  },
  {
    way: 'by the setting of the role, before public',
    name: 'hk',
    lead: async (premises, schema) => {
      await setPath(premises, `${schema}, public`);
      return premises.url;
    },
  },
  {
    way: 'by the setting of the role, with a name that needs quotes',
    name: 'Own "Schema" of Hookline',
    lead: async (premises, schema) => {
      await setPath(premises, escapeIdentifier(schema));
      return premises.url;
    },
  },
  {
    way: 'by the setting of the database',
    name: 'hk',
    lead: async ({ query, database, url }, schema) => {
      await query(`alter database ${escapeIdentifier(database)} set search_path = ${schema}`);
      return url;
    },
  },
  {
    way: 'by options in the URL',
    name: 'hk',
    lead: async ({ url }, schema) =>
      `${url}?options=${encodeURIComponent(`-c search_path=${schema}`)}`,
  },
  {
    way: 'by options in the URL, with a name that needs quotes',
    name: 'Own "Schema"',
    lead: async ({ url }, schema) => {
      const quoted = escapeIdentifier(schema).replaceAll(' ', String.raw`\ `);
      return `${url}?options=${encodeURIComponent(`-c search_path=${quoted}`)}`;
    },
  },
  { way: 'because it has the name of the user', name: '', lead: async ({ url }) => url },
];

describe('tables in a schema of their own', () => {
  it.each(ways)('are found again by every command: $way', async ({ name, lead }) => {
    await using premises = await openPremises();
    const schema = name === '' ? premises.user : name;
    await createSchema(premises, schema);
    const url = await lead(premises, schema);
    const first = (await hookline(url, 'migrate', 'up')).answer.run;
    expect(first.length).toBeGreaterThan(2);
    const { answer } = await hookline(url, 'migrate', 'status');
    expect(answer).toEqual({ executed: first, pending: [] });
    expect((await hookline(url, 'migrate', 'up')).answer).toEqual({ run: [] });
    expect(await findingsOf(url)).toEqual([]);
    for (const _ of first) await hookline(url, 'migrate', 'down');
    expect((await hookline(url, 'migrate', 'status')).answer.executed).toEqual([]);
    const left = `select relname from pg_class where relkind in ('r', 'p') and relnamespace in
      (select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')`;
    expect(await premises.query(left)).toEqual([{ relname: 'migration' }]);
    expect((await hookline(url, 'migrate', 'up')).answer.run).toEqual(first);
  });

  it('are used by the second start as by the first', async () => {
    await using premises = await openPremises();
    const schema = 'Own "Schema"';
    await createSchema(premises, schema);
    await setPath(premises, escapeIdentifier(schema));
    await recordOne(premises.url);
    await recordOne(premises.url);
    const recorded = `select count(*)::int as n from ${escapeIdentifier(schema)}.event`;
    expect(await premises.query(recorded)).toEqual([{ n: 2 }]);
  });

  it('are dumped, and restored into another schema', async () => {
    await using stack = new AsyncDisposableStack();
    const from = stack.use(await openPremises('distribution'));
    const to = stack.use(await openPremises('distribution'));
    await createSchema(from, 'hk');
    await setPath(from, 'hk');
    await recordOne(from.url);
    const { postgres } = await findPostgresPrograms('distribution', await postgresUser(), '');
    const program = (name: string): string => join(dirname(postgres), name);
    const dump = await run(program('pg_dump'), ['--no-owner', '--schema', 'hk', from.url], {
      maxBuffer: 64 * 1024 * 1024,
    });
    await to.query(`grant create on database ${escapeIdentifier(to.database)} to public`);
    const restored = run(program('psql'), ['--quiet', '--set', 'ON_ERROR_STOP=1', to.url]);
    restored.child.stdin?.end(dump.stdout);
    await restored;
    await to.query('alter schema hk rename to "Restored"');
    await setPath(to, '"Restored"');
    await recordOne(to.url);
    expect(await to.query('select count(*)::int as n from "Restored".event')).toEqual([{ n: 2 }]);
    expect(await findingsOf(to.url)).toEqual([]);
  });
});

describe('where tables cannot be created', () => {
  it.each([
    ['in the schema public', async () => []],
    [
      'in any schema of search_path',
      async (premises: Premises) => setPath(premises, 'never_created'),
    ],
  ])('the refusal and the doctor have the statements that help: %s', async (where, prepare) => {
    await using premises = await openPremises('distribution');
    await prepare(premises);
    const { url, query } = premises;
    const [user, database] = [premises.user, premises.database].map(escapeIdentifier);
    const remedy = [
      `create schema hookline authorization ${user};`,
      `alter role ${user} in database ${database} set search_path = hookline;`,
    ];
    const refused = `the user ${premises.user} may not create tables ${where}`;
    await expect(recordOne(url)).rejects.toThrow(refused);
    const { code, err } = await hookline(url, 'migrate', 'up');
    expect(code).toBe(1);
    expect(JSON.parse(err).detail).toContain(remedy.join(' '));
    expect((await hookline(url, 'migrate', 'status')).answer.executed).toEqual([]);
    expect((await findingsOf(url))[0]).toMatch(`fail ${refused}`);
    expect((await findingsOf(url))[0]).toContain(remedy.join(' '));
    for (const statement of remedy) await query(statement);
    expect((await hookline(url, 'migrate', 'up')).code).toBe(0);
    expect(await findingsOf(url)).toEqual([]);
  });

  it('a table of migrations that is in another schema of search_path is not taken for one’s own', async () => {
    await using premises = await openPremises();
    await premises.query('create table migration (whatever int)');
    await premises.query('grant select on migration to public');
    await createSchema(premises, 'hk');
    await setPath(premises, 'hk, public');
    const refused =
      'tables would be created in the schema hk, but there is a table "migration" in public';
    await expect(recordOne(premises.url)).rejects.toThrow(refused);
    expect((await findingsOf(premises.url))[0]).toContain(refused);
    await setPath(premises, 'hk');
    expect((await hookline(premises.url, 'migrate', 'up')).code).toBe(0);
  });
});
