/** `hookline import cloudstack` and `hookline directory`, from a server that speaks CloudStack's API to a running Hookline. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { databaseOf } from '../../src/store/database.ts';
import { addUnknown } from '../../src/store/directory/unknown-account.ts';
import { claimSync } from '../../src/store/directory/sync-state.ts';
import { refuse, startCloudstack, type FakeCloudstack } from '../fixtures/cloudstack-server.ts';
import { startApi, type ApiUnderTest } from './api-harness.ts';
import { runIn } from './cli-harness.ts';
import { fillCloud } from './directory-harness.ts';

let api: ApiUnderTest;
let cloud: FakeCloudstack;
let env: Record<string, string>;

beforeEach(async () => {
  api = await startApi();
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  cloud = await startCloudstack();
  fillCloud(cloud);
  env = {
    HOOKLINE_URL: url,
    HOOKLINE_TOKEN: api.token,
    HOOKLINE_DIRECTORY_KIND: 'cloudstack',
    HOOKLINE_DIRECTORY_URL: cloud.url,
    HOOKLINE_DIRECTORY_API_KEY: cloud.keys.apiKey,
    HOOKLINE_DIRECTORY_SECRET_KEY: cloud.keys.secretKey,
    HOOKLINE_DIRECTORY_PAGE_SIZE: '2',
  };
  await api.ask('POST', '/v1/domains/import', {
    items: cloud.tables.domain.map(({ id, name, parentdomainid }) => ({
      id,
      name,
      parentId: parentdomainid ?? null,
    })),
  });
  await api.ask('POST', '/v1/accounts/import', {
    items: [...cloud.tables.account, ...cloud.tables.project].map(({ id, name, domainid }) => ({
      id,
      name,
      domainId: domainid,
      kind: id === 'p' ? 'project' : 'user',
    })),
  });
});
afterEach(async () => {
  await cloud[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

const run = (...args: string[]) => runIn({ cwd: '/', env }, args);

interface Imported {
  readonly name: string;
  readonly result: string;
  readonly detail: string;
}
/** `name: result detail`. */
async function imported(...args: string[]): Promise<string[]> {
  const { out } = await run('import', 'cloudstack', '--json', ...args);
  const rows: Imported[] = JSON.parse(out);
  return rows.map(({ name, result, detail }) => `${name}: ${result} ${detail}`.trim());
}

const webhook = (id: string, facts: Readonly<Record<string, unknown>> = {}) => ({
  id,
  name: id,
  state: 'Enabled',
  scope: 'Local',
  account: 'anna',
  domainid: 'berlin',
  payloadurl: `https://receiver.test/${id}`,
  sslverification: true,
  ...facts,
});
const filterOf = (id: string, mode: string, matchtype: string, value: string) => ({
  id,
  webhookid: 'w1',
  type: 'EventType',
  mode,
  matchtype,
  value,
});
const here = async () => (await api.ask('GET', '/v1/webhooks?limit=100')).body.items;

describe('hookline import cloudstack', () => {
  it('creates what CloudStack has: owners, scopes, secrets, filters, and those of projects', async () => {
    cloud.tables.webhook = [
      webhook('w1', { description: 'for people', secretkey: 'hush', state: 'Disabled' }),
      webhook('w2', { account: 'admin', domainid: 'emea', scope: 'Domain' }),
      webhook('w3', { account: 'admin', domainid: 'root', scope: 'Global' }),
      webhook('w4', {
        account: undefined,
        projectid: 'p',
        project: 'the project',
        domainid: 'apac',
        payloadurl: 'http://receiver.test/w4',
      }),
      webhook('w5', { account: 'ben' }),
    ];
    // In this order CloudStack takes all three; the wide one before the narrow one it would not.
    cloud.tables.webhookfilter = [
      filterOf('f1', 'Exclude', 'Exact', 'VM.STOP'),
      filterOf('f2', 'Include', 'Prefix', 'VM.'),
      filterOf('f3', 'Include', 'Suffix', '.CREATE'),
    ];
    const ran = await run('import', 'cloudstack');
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/created +w1 +anna +https:\/\/receiver\.test\/w1/);
    expect(ran.out).not.toContain('hush');
    expect(await here()).toMatchObject([
      {
        name: 'w1',
        description: 'for people',
        state: 'Disabled',
        scope: 'Local',
        accountId: 'anna',
        domainId: 'berlin',
        payloadUrl: 'https://receiver.test/w1',
        sslVerification: true,
        hasSecret: true,
        categories: ['ActionEvent'],
        filters: [
          { mode: 'Exclude', matchType: 'Exact', value: 'VM.STOP' },
          { mode: 'Include', matchType: 'Prefix', value: 'VM.' },
          { mode: 'Include', matchType: 'Suffix', value: '.CREATE' },
        ],
      },
      { name: 'w2', scope: 'Domain', accountId: 'admin', domainId: 'emea', hasSecret: false },
      { name: 'w3', scope: 'Global', accountId: 'admin', domainId: 'root' },
      { name: 'w5', accountId: 'ben' },
      { name: 'w4', accountId: 'p', domainId: 'apac', sslVerification: false },
    ]);
  });

  it('creates nothing twice, and leaves alone what was changed here', async () => {
    cloud.tables.webhook = [webhook('w1'), webhook('w2')];
    expect(await imported()).toEqual(['w1: created', 'w2: created']);
    expect(await imported()).toEqual(['w1: there already', 'w2: there already']);
    const [first] = await here();
    await api.ask('PATCH', `/v1/webhooks/${first?.id}`, { name: 'ours', state: 'Disabled' });
    cloud.tables.webhook.push(webhook('w3'));
    expect(await imported()).toEqual([
      'w1: differs name, state',
      'w2: there already',
      'w3: created',
    ]);
    expect((await here()).map(({ name }) => name)).toEqual(['ours', 'w2', 'w3']);
  });

  it('creates nothing in a dry run', async () => {
    cloud.tables.webhook = [webhook('w1')];
    expect(await imported('--dry-run')).toEqual(['w1: to be created']);
    expect(await here()).toEqual([]);
  });

  it('creates them disabled when asked to, for as long as CloudStack still delivers', async () => {
    cloud.tables.webhook = [webhook('w1')];
    expect(await imported('--disabled')).toEqual(['w1: created']);
    expect(await here()).toMatchObject([{ state: 'Disabled' }]);
  });

  it('names those that cannot be imported and why, creates the others, and fails', async () => {
    cloud.tables.account.push({ id: 'admin-2', name: 'admin', domainid: 'emea' });
    cloud.tables.account.push({ id: 'new', name: 'new', domainid: 'apac' });
    cloud.tables.webhook = [
      webhook('w1', { account: 'nobody' }),
      webhook('w2', { account: 'admin', scope: 'Domain' }),
      webhook('w3', { account: 'new', domainid: 'apac' }),
      webhook('w4', { payloadurl: 'http://user:password@receiver.test/' }),
      webhook('w5'),
    ];
    expect(await imported()).toEqual([
      'w1: failed there is no account nobody in its domain',
      'w2: failed there are 2 accounts admin in its domain and above, and CloudStack does not say which owns it',
      'w3: failed There is no account new.',
      expect.stringContaining('w4: failed Invalid URL: a user or password in it'),
      'w5: created',
    ]);
    const again = await run('import', 'cloudstack');
    expect(again.code).toBe(1);
    expect(again.err).toContain('4 of 5 webhooks could not be imported');
  });

  it('does without filters where CloudStack has none, and says so once', async () => {
    cloud.tables.webhook = [webhook('w1'), webhook('w2')];
    cloud.intercept = command =>
      command === 'listWebhookFilters'
        ? refuse(command, 401, 'unable to verify user credentials and/or request signature')
        : undefined;
    const { code, err } = await run('import', 'cloudstack');
    expect(code).toBe(0);
    expect(err).toBe(
      'This CloudStack has no webhook filters (they came with 4.23), so none were read.',
    );
  });

  it('needs a CloudStack that is configured, and one that answers', async () => {
    cloud.intercept = () => 'cut';
    const cut = await run('import', 'cloudstack');
    expect([cut.code, cut.err.includes('cannot be reached')]).toEqual([1, true]);
    const { HOOKLINE_URL = '', HOOKLINE_TOKEN = '' } = env;
    env = { HOOKLINE_URL, HOOKLINE_TOKEN };
    const none = await run('import', 'cloudstack');
    expect([none.code, none.err]).toEqual([
      2,
      'directory.kind: not set: expected cloudstack, with directory.url, apiKey and secretKey: webhooks are read from there',
    ]);
  });
});

describe('hookline directory', () => {
  it('shows how it stands, has it read anew, and lists who is unknown', async () => {
    const none = await run('directory', 'status');
    expect([none.code, none.err.startsWith('The directory is not synced from a cloud')]).toEqual([
      4,
      true,
    ]);
    const database = databaseOf(api.store);
    await claimSync(database, { kind: 'cloudstack', claimMs: 60_000 });
    expect((await run('directory', 'status')).out).toMatch(/^kind +cloudstack$/m);
    expect(await run('directory', 'sync', '--adopt-local')).toMatchObject({ code: 0, err: '' });
    expect(await claimSync(database, { kind: 'cloudstack', claimMs: 1 })).toMatchObject({
      acceptRemovals: false,
      adoptLocal: true,
    });
    await addUnknown(database, [{ id: 'ghost', project: null, events: 7 }], 100);
    expect((await run('directory', 'unknown')).out).toMatch(/^ghost +– +7 /m);
  });
});
