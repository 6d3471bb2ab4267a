/** An account that moves to another domain takes its webhooks along, and leaves what covered its former domain. */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCloudstackClient } from '../../src/directory/cloudstack/cloudstack-client.ts';
import { createCloudstackProvider } from '../../src/directory/cloudstack/cloudstack.ts';
import { syncWhenDue } from '../../src/directory/sync.ts';
import { addCloudAccount } from '../../src/store/directory/account.ts';
import { startCloudstack } from '../fixtures/cloudstack-server.ts';
import { startReceiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { startApi, type ApiUnderTest } from './api-harness.ts';
import { account, openDispatchHarness, tenant } from './dispatch-harness.ts';

let api: ApiUnderTest;
let rootId: string;
beforeAll(async () => {
  api = await startApi();
  const [root] = (await api.ask('GET', '/v1/domains')).body.items;
  rootId = root?.id ?? '';
  for (const [id, parentId] of [
    ['acme', rootId],
    ['team', 'acme'],
    ['other', rootId],
  ]) {
    await api.ask('POST', '/v1/domains', { id, name: id, parentId });
  }
});
afterAll(() => api[Symbol.asyncDispose]());

const rows = async <T>(query: string): Promise<T[]> => api.store.em.fork().execute(query);

let count = 0;
/** An account with a webhook of each scope, the Domain one for `covered`. */
async function makeAccount(domainId: string, covered = domainId) {
  const accountId = `account-${(count += 1)}`;
  await api.ask('POST', '/v1/accounts', { id: accountId, name: accountId, domainId });
  const ids: Record<string, string> = {};
  for (const scope of ['Local', 'Domain', 'Global']) {
    const { body } = await api.ask('POST', '/v1/webhooks', {
      name: scope,
      scope,
      accountId,
      ...(scope === 'Domain' && { domainId: covered }),
      payloadUrl: `https://receiver.example/${scope}`,
    });
    ids[scope] = body.id;
  }
  return { accountId, ids };
}

async function webhooksOf(accountId: string): Promise<string[]> {
  const found = await rows<{
    is: string;
  }>(`select scope || ' ' || domain_id || ' ' || state as is from webhook
    where account_id = '${accountId}' order by scope`);
  return found.map(row => row.is);
}

const idOf = (name: string): string => (name === 'root' ? rootId : name);

type Move = (accountId: string, domainId: string) => Promise<unknown>;

const byImport: Move = (id, domainId) =>
  api.ask('POST', '/v1/accounts/import', { items: [{ id, name: id, domainId, kind: 'user' }] });

const ways: readonly (readonly [string, Move])[] = [
  ['an import', byImport],
  [
    'plain SQL',
    (id, domainId) => rows(`update account set domain_id = '${domainId}' where id = '${id}'`),
  ],
  ['a sync with CloudStack', moveInCloudstack],
  [
    'what CloudStack says when it is asked for one account',
    async (id, domainId) => {
      await rows(`update account set origin = 'cloud' where id = '${id}'`);
      const found = { id, name: id, domainId, kind: 'user' } as const;
      await addCloudAccount(api.store, { account: found, domains: [] });
    },
  ],
];

async function moveInCloudstack(id: string, domainid: string): Promise<void> {
  await using cloud = await startCloudstack();
  const domain = (name: string, parentdomainid?: string) => ({
    id: name === 'ROOT' ? rootId : name,
    name,
    ...(parentdomainid !== undefined && { parentdomainid }),
  });
  cloud.tables.domain = [
    domain('ROOT'),
    domain('acme', rootId),
    domain('team', 'acme'),
    domain('other', rootId),
  ];
  cloud.tables.account = [{ id, name: id, domainid }];
  const settings = { url: cloud.url, ...cloud.keys, timeoutMs: 2_000, pageSize: 500 };
  const provider = createCloudstackProvider(createCloudstackClient({ ...settings, now: Date.now }));
  await rows(`update account set origin = 'cloud' where id = '${id}'`);
  const log = pino({ level: 'silent' });
  const { signal } = new AbortController();
  expect(
    await syncWhenDue({ store: api.store, provider, refreshMs: 300_000, log }, signal),
  ).toMatchObject({ held: 0 });
}

describe.each(ways)('an account that is moved by %s', (_, move) => {
  it('has its own webhooks in its new domain, and none that covers the former one', async () => {
    const { accountId } = await makeAccount('acme');
    await move(accountId, 'other');
    expect(await webhooksOf(accountId)).toEqual([
      'Domain acme Disabled',
      'Global other Enabled',
      'Local other Enabled',
    ]);
  });
});

/** Imports domains, each with its parent. */
const loadDomains = async (items: readonly (readonly [string, string])[]) => {
  const body = { items: items.map(([id, parentId]) => ({ id, name: id, parentId })) };
  expect((await api.ask('POST', '/v1/domains/import', body)).status).toBe(200);
};

describe('a webhook for a domain', () => {
  it.each([
    ['goes on when its account moves within the domain', 'acme', 'acme', 'team', 'Enabled'],
    ['goes on when its account moves nearer to the domain', 'team', 'acme', 'acme', 'Enabled'],
    ['stops when its account moves above the domain', 'acme', 'acme', 'root', 'Disabled'],
    ['stops when its account moves beside the domain', 'team', 'acme', 'other', 'Disabled'],
    ['goes on when its account above moves nearer to it', 'root', 'team', 'acme', 'Enabled'],
    ['stops when its account above moves beside it', 'root', 'team', 'other', 'Disabled'],
  ])('%s', async (...situation) => {
    const [, from, covered, to, state] = situation;
    const { accountId } = await makeAccount(idOf(from), idOf(covered));
    await byImport(accountId, idOf(to));
    const [ofDomain] = await webhooksOf(accountId);
    expect(ofDomain).toBe(`Domain ${covered} ${state}`);
  });

  it('stops when the domain of its account moves out of it, and not when both move', async () => {
    const domains: readonly (readonly [string, string])[] = [
      ['firm', rootId],
      ['unit', 'firm'],
      ['group', rootId],
    ];
    await loadDomains(domains);
    const { accountId } = await makeAccount('unit', 'firm');
    await loadDomains([['firm', 'group']]);
    expect((await webhooksOf(accountId))[0]).toBe('Domain firm Enabled');
    await loadDomains([
      ['unit', rootId],
      ['firm', 'unit'],
    ]);
    expect((await webhooksOf(accountId))[0]).toBe('Domain firm Disabled');
  });

  it('goes on when its account is back in the domain at the end of the transaction', async () => {
    const { accountId } = await makeAccount('acme');
    await rows(`begin;
      update account set domain_id = 'other' where id = '${accountId}';
      update account set domain_id = 'team' where id = '${accountId}';
      commit`);
    expect(await webhooksOf(accountId)).toEqual([
      'Domain acme Enabled',
      'Global team Enabled',
      'Local team Enabled',
    ]);
  });
});

it('keeps an account’s own webhooks when its former domain is deleted in the same transaction', async () => {
  await api.ask('POST', '/v1/domains', { id: 'brief', name: 'brief', parentId: rootId });
  const { accountId } = await makeAccount('brief');
  await rows(`begin; update account set domain_id = 'other' where id = '${accountId}';
    delete from domain where id = 'brief'; commit`);
  expect(await webhooksOf(accountId)).toEqual(['Global other Enabled', 'Local other Enabled']);
});

it('puts a webhook that plain SQL inserts or gives away into its account’s domain', async () => {
  await makeAccount('acme');
  const { accountId } = await makeAccount('other');
  await rows(
    `insert into webhook (name, account_id, payload_url) values ('w', '${accountId}', 'http://r/sql')`,
  );
  const where = `payload_url = 'http://r/sql'`;
  const domainNow = () => rows(`select domain_id from webhook where ${where}`);
  expect(await domainNow()).toEqual([{ domain_id: 'other' }]);
  await rows(
    `update webhook set account_id = 'account-1', scope = 'Domain', domain_id = 'team' where ${where}`,
  );
  expect(await domainNow()).toEqual([{ domain_id: 'team' }]);
  await rows(`update webhook set scope = 'Local' where ${where}`);
  expect(await domainNow()).toEqual(
    await rows(`select domain_id from account where id = 'account-1'`),
  );
});

describe('after an account has moved', () => {
  let ids: Record<string, string>;
  const headersOf: Record<string, Record<string, string>> = {};
  beforeAll(async () => {
    const moved = await makeAccount('acme');
    ({ ids } = moved);
    await makeAccount('acme');
    const users = [
      ['admin-of-acme', 'DomainAdmin', `account-${count}`],
      ['user', 'User', moved.accountId],
    ];
    await makeAccount('other');
    users.push(['admin-of-other', 'DomainAdmin', `account-${count}`]);
    for (const [username = '', role, accountId] of users) {
      const person = { username, password: 'correct horse battery', role, accountId };
      await api.ask('POST', '/v1/users', person);
      const { body } = await api.ask(
        'POST',
        '/v1/login',
        { username, password: person.password },
        {},
      );
      headersOf[username] = { authorization: `Bearer ${body.token}` };
    }
    await byImport(moved.accountId, 'other');
  });

  const statusFor = async (username: string, id: string | undefined) =>
    (await api.ask('GET', `/v1/webhooks/${id}`, undefined, headersOf[username])).status;
  const auditFor = async (username: string) =>
    (await api.ask('GET', `/v1/audit?objectId=${ids['Domain']}`, undefined, headersOf[username]))
      .body.items;

  it('its new domain’s admin and its user see its own webhooks, and nobody else', async () => {
    for (const [username, status] of [
      ['admin-of-other', 200],
      ['user', 200],
      ['admin-of-acme', 404],
    ] as const) {
      expect([username, await statusFor(username, ids['Local'])]).toEqual([username, status]);
      expect([username, await statusFor(username, ids['Domain'])]).toEqual([username, 404]);
    }
    const list = await api.ask('GET', '/v1/webhooks', undefined, headersOf['admin-of-other']);
    expect(list.body.items.map(({ id }) => id)).toContain(ids['Local']);
  });

  it('the former domain’s admin reads why the webhook for the domain has stopped', async () => {
    const reason = expect.stringMatching(
      /^its account account-\d+ is not in the domain acme any more$/,
    );
    expect(await auditFor('admin-of-acme')).toEqual([
      expect.objectContaining({
        action: 'webhook.disabled',
        username: null,
        after: { state: 'Disabled', reason },
      }),
    ]);
    expect(await auditFor('admin-of-other')).toEqual([]);
    expect(await auditFor('user')).toEqual([]);
    const { text } = await api.ask('GET', `/v1/webhooks/${ids['Domain']}`);
    expect(JSON.parse(text).health).toMatchObject({ state: 'disabled', reason });
  });
});

it('is told once over all processes, in the log and by an event, and holds for what is owed', async () => {
  await using harness = await openDispatchHarness();
  await using receiver = await startReceiver();
  await using watcher = await startReceiver();
  receiver.answerWith({ status: 500 });
  const run = async (query: string) => harness.records.rows(query);
  await run(`insert into domain (id, name, parent_id) values ('beside', 'beside', 'root')`);
  await run(`insert into setting (scope, scope_id, name, value)
    values ('domain', 'below', 'webhook.delivery.tries', '50'), ('domain', 'beside', 'webhook.delivery.tries', '2')`);
  const own = await harness.webhook(`${receiver.url}own`, { accountId: tenant });
  const wide = await harness.webhook(`${receiver.url}wide`, { accountId: tenant });
  await run(`update webhook set scope = 'Domain', domain_id = 'below' where id = '${wide}'`);
  const watching = await harness.webhook(watcher.url, { accountId: account });
  await run(
    `update webhook set scope = 'Global', categories = '{HooklineEvent}' where id = '${watching}'`,
  );
  const environment = { HOOKLINE_DISPATCH_BACKOFF_BASE_MS: '1000' };
  await harness.start(environment);
  await harness.start(environment);
  const [ownEvent, wideEvent] = [await harness.owe(own), await harness.owe(wide)];
  await harness.tried(ownEvent);
  await harness.tried(wideEvent);
  await run(`update account set domain_id = 'beside' where id = '${tenant}'`);

  expect(await harness.settled(wideEvent, 'cancelled', 'failed')).toMatchObject({
    state: 'cancelled',
    tries: 1,
  });
  // The new domain's setting: two tries, not fifty.
  expect(await harness.settled(ownEvent, 'failed')).toMatchObject({ tries: 2 });
  await watcher.waitFor(1);
  const told = watcher.requests.map(({ body }) => JSON.parse(body.toString()));
  const disablings = told.filter(({ event }) => event === 'WEBHOOK.DISABLED');
  expect(disablings).toMatchObject([
    {
      entityuuid: wide,
      description:
        'Hookline disabled the webhook "w": its account t is not in the domain B any more',
    },
  ]);
  const logged = await waitUntil('a line of the log', () => {
    const lines = harness.warned.filter(line => line.includes('"webhook.disabled"'));
    return lines.length > 0 && lines;
  });
  expect(logged).toEqual([expect.stringContaining(wide)]);
});
