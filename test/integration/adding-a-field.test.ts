/**
 * Adds a field to webhooks, and one to filters, by three insertions each, to a copy of the source, and follows them through
 * the tables, REST, its document, the command line and `hookline apply`.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type * as opening from '../../src/store/connection/open.ts';
import { query } from '../e2e/database.ts';
import { type HooklineProcess, spawnHookline } from '../e2e/hookline.ts';
import { createDatabase } from '../service/postgres.ts';
import { sharedService, uniqueName } from '../service/shared.ts';
import { copySource, type Insertion } from '../service/source-copy.ts';

/** The field, the column, the migration. */
const newField: readonly Insertion[] = [
  [
    'src/webhook/fields.ts',
    'export const webhookFields = {\n',
    `  note: field('people', nullable(text({ maxLength: 100, description: 'Whom to call.' })), {
    initial: null,
    option: { about: 'whom to call' },
  }),\n`,
  ],
  [
    'src/store/schema/webhook.ts',
    'description: p.text().nullable(),\n',
    '    note: p.text().nullable(),\n',
  ],
  ['migrations/0001-management.ts', 'create table webhook (\n', '    note text,\n'],
];

const newFilterField: readonly Insertion[] = [
  [
    'src/webhook/filter/filter-fields.ts',
    'export const filterFields = {\n',
    `  label: { schema: line({ maxLength: 40 }), initial: 'none' },\n`,
  ],
  [
    'src/store/schema/webhook.ts',
    'default(filterFields.matchType.initial),\n',
    '    label: p.text().default(filterFields.label.initial),\n',
  ],
  [
    'migrations/0001-management.ts',
    'create table webhook_filter (\n',
    `    label text not null default 'none',\n`,
  ],
];

const copy = copySource([...newField, ...newFilterField]);
const program = join(copy.path, 'src/main.ts');
let databaseUrl: string;
let hookline: HooklineProcess;

beforeAll(async () => {
  const { url } = await sharedService('postgres');
  const own = new URL(url);
  own.pathname = uniqueName('field');
  await createDatabase(url, own.pathname.slice(1), 'template1');
  databaseUrl = own.href;
  hookline = spawnHookline({ HOOKLINE_DATABASE_URL: databaseUrl }, ['--roles', 'api'], program);
  await hookline.untilStarted();
  await query(databaseUrl, `insert into domain (id, name) values ('root', 'ROOT')`);
  await query(
    databaseUrl,
    `insert into account (id, name, domain_id) values ('acme', 'acme', 'root')`,
  );
});
afterAll(async () => {
  await hookline.kill();
  copy[Symbol.dispose]();
});

/** What a command of the copy answers. */
async function run(...args: readonly string[]): Promise<unknown> {
  const { token } = await hookline.ask('POST', '/v1/tokens', { name: uniqueName('test') });
  const env = { HOOKLINE_URL: await hookline.untilStarted(), HOOKLINE_TOKEN: String(token) };
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...args, '--json'], {
    cwd: copy.path,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

const webhook = ['--name', 'lab', '--payload-url', 'http://receiver.example/', '--account', 'acme'];

it('takes three insertions, which leave sound types and tables', async () => {
  expect([newField.length, newFilterField.length]).toEqual([3, 3]);
  expect(copy.checkTypes()).toEqual({ status: 0, stdout: '' });
  const { openStore }: typeof opening = await import(
    /* @vite-ignore */ pathToFileURL(join(copy.path, 'src/store/connection/open.ts')).href
  );
  const store = await openStore(databaseUrl);
  try {
    expect(await store.schema.getUpdateSchemaSQL({ wrap: false })).toBe('');
  } finally {
    await store.close();
  }
}, 300_000);

it('is created, read, updated and unset by the command line and REST', async () => {
  const created = await run(
    'webhook',
    'create',
    ...webhook,
    '--note',
    'Ada',
    '--filter',
    'VM.START',
  );
  expect(created).toMatchObject({ note: 'Ada', filters: [{ label: 'none' }] });
  const [{ id } = { id: '' }] = await query<{ id: string }>(databaseUrl, 'select id from webhook');
  expect(await run('webhook', 'update', id, '--note', 'Grace')).toMatchObject({ note: 'Grace' });
  const path = `/v1/webhooks/${id}`;
  expect(await hookline.ask('GET', path)).toMatchObject({ note: 'Grace', description: null });
  expect(await hookline.ask('PATCH', path, { note: null })).toMatchObject({ note: null });
  const added = await hookline.ask('POST', `${path}/filters`, { value: 'VM.STOP', label: 'stops' });
  expect(added).toMatchObject({ value: 'VM.STOP', label: 'stops' });
  expect(await hookline.ask('GET', '/v1/webhooks')).toMatchObject({
    items: [{ note: null, filters: [{ label: 'none' }, { label: 'stops' }] }],
  });
  await hookline.ask('DELETE', path);
});

it('has limits, and is documented', async () => {
  const refused = hookline.ask('POST', '/v1/webhooks', {
    name: 'lab',
    payloadUrl: 'http://receiver.example/',
    accountId: 'acme',
    note: 'x'.repeat(101),
  });
  await expect(refused).rejects.toThrow(/\/note/);
  const { components } = await hookline.ask('GET', '/v1/openapi.json');
  const note = { type: ['string', 'null'], maxLength: 100, description: 'Whom to call.' };
  const label = { type: 'string', maxLength: 40 };
  expect(components).toMatchObject({
    schemas: {
      NewWebhook: { properties: { note } },
      WebhookChange: { properties: { note } },
      Webhook: { properties: { note }, required: expect.arrayContaining(['note']) },
      NewFilter: { properties: { label: { ...label, default: 'none' } } },
      Filter: { properties: { label }, required: expect.arrayContaining(['label']) },
    },
  });
});

it('is applied from a file', async () => {
  const file = join(copy.path, 'webhooks.yaml');
  writeFileSync(
    file,
    `- name: lab
  accountId: acme
  payloadUrl: http://receiver.example/
  note: Ada
  filters: [{ value: VM.START, label: starts }]
`,
  );
  await run('apply', '--file', file);
  expect(await hookline.ask('GET', '/v1/webhooks')).toMatchObject({
    items: [{ note: 'Ada', filters: [{ value: 'VM.START', label: 'starts' }] }],
  });
});
