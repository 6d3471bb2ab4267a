import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { databaseOf } from '../../src/store/database.ts';
import { addUnknown } from '../../src/store/directory/unknown-account.ts';
import {
  claimSync,
  deleteDirectoryStatus,
  recordFailure,
} from '../../src/store/directory/sync-state.ts';
import { newId, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
let rootId: string;
beforeAll(async () => {
  api = await startApi();
  const { body } = await api.ask('GET', '/v1/domains?name=ROOT');
  rootId = body.items[0]?.id ?? '';
});
afterAll(() => api[Symbol.asyncDispose]());

describe('domains', () => {
  it('hang under the root unless a parent is named', async () => {
    const one = await api.ask('POST', '/v1/domains', { name: 'one' });
    expect(one).toMatchObject({
      status: 201,
      body: { parentId: rootId, path: `/${rootId}/${one.body.id}/` },
    });
    const two = await api.ask('POST', '/v1/domains', {
      id: 'two',
      name: 'two',
      parentId: one.body.id,
    });
    expect(two.body.path).toBe(`/${rootId}/${one.body.id}/two/`);
    expect((await api.ask('GET', '/v1/domains/two')).body).toEqual(two.body);
    expect((await api.ask('GET', `/v1/domains?parentId=${one.body.id}`)).body.items).toEqual([
      two.body,
    ]);
  });

  it.each([
    [{ name: 'x', parentId: 'nowhere' }, 'domain_invalid'],
    [{ id: 'again', name: 'x' }, 'name_in_use'],
    [{ id: '', name: 'x' }, 'request_invalid'],
    [{}, 'request_invalid'],
  ])('refuse %j', async (domain, code) => {
    await api.ask('POST', '/v1/domains', { id: 'again', name: 'first' });
    expect((await api.ask('POST', '/v1/domains', domain)).body.code).toBe(code);
  });

  it('are imported in any order, again and again, and move with what is below them', async () => {
    const items = [
      { id: 'leaf', name: 'leaf', parentId: 'branch' },
      { id: 'branch', name: 'branch' },
      { id: 'other', name: 'other' },
    ];
    const load = async (domains: object[]) =>
      (await api.ask('POST', '/v1/domains/import', { items: domains })).body;
    expect(await load(items)).toEqual({ created: 3, updated: 0, unchanged: 0 });
    expect(await load(items)).toEqual({ created: 0, updated: 0, unchanged: 3 });
    const moved = items.map(item => (item.id === 'branch' ? { ...item, parentId: 'other' } : item));
    expect(await load(moved)).toEqual({ created: 0, updated: 1, unchanged: 2 });
    expect((await api.ask('GET', '/v1/domains/leaf')).body.path).toBe(
      `/${rootId}/other/branch/leaf/`,
    );
  });

  it('are imported all or none', async () => {
    const items = [
      { id: 'good', name: 'good' },
      { id: 'bad', name: 'bad', parentId: 'nowhere' },
    ];
    const answer = await api.ask('POST', '/v1/domains/import', { items });
    expect(answer.body).toMatchObject({
      code: 'domain_invalid',
      detail: 'There is no domain nowhere.',
    });
    expect((await api.ask('GET', '/v1/domains/good')).status).toBe(404);
  });

  it('refuse to be below themselves', async () => {
    const items = [
      { id: 'x', name: 'x', parentId: 'y' },
      { id: 'y', name: 'y', parentId: 'x' },
    ];
    expect((await api.ask('POST', '/v1/domains/import', { items })).body.code).toBe(
      'request_invalid',
    );
  });
});

describe('the root', () => {
  it("takes the cloud's id, and everything under it stays under it", async () => {
    await using other = await startApi();
    const { body: child } = await other.ask('POST', '/v1/domains', { id: 'child', name: 'child' });
    const { body: hook } = await other.ask('POST', '/v1/webhooks', {
      name: 'w',
      payloadUrl: 'http://r.example',
    });
    const items = [
      { id: 'child', name: 'child', parentId: 'cloud-root' },
      { id: 'cloud-root', name: 'ROOT' },
    ];
    const imported = await other.ask('POST', '/v1/domains/import', { items });
    expect(imported.body).toEqual({ created: 0, updated: 1, unchanged: 1 });
    expect((await other.ask('GET', '/v1/domains/child')).body.path).toBe('/cloud-root/child/');
    expect(child.path).not.toBe('/cloud-root/child/');
    const { body } = await other.ask('GET', '/v1/domains');
    expect(body.items.map(({ id }) => id)).toEqual(['child', 'cloud-root']);
    expect((await other.ask('GET', `/v1/webhooks/${hook.id}`)).body.domainId).toBe('cloud-root');
    expect((await other.ask('GET', '/v1/accounts?name=admin')).body.items[0]?.domainId).toBe(
      'cloud-root',
    );
  });
});

describe('accounts', () => {
  it('are made in a domain and listed by it', async () => {
    const made = await api.ask('POST', '/v1/accounts', {
      id: 'acme',
      name: 'acme',
      domainId: rootId,
    });
    expect(made).toMatchObject({ status: 201, body: { id: 'acme', kind: 'user' } });
    expect((await api.ask('GET', '/v1/accounts/acme')).body).toEqual(made.body);
    const { body } = await api.ask('GET', `/v1/accounts?domainId=${rootId}&name=acme`);
    expect(body.items).toEqual([made.body]);
    expect((await api.ask('GET', '/v1/accounts/nobody')).body.code).toBe('not_found');
    const again = { id: 'acme', name: 'x', domainId: rootId };
    expect((await api.ask('POST', '/v1/accounts', again)).body.code).toBe('name_in_use');
  });

  it('are imported, thousands at once, and moved by another import', async () => {
    const items = Array.from({ length: 3_000 }, (_, index) => ({
      id: `account-${index}`,
      name: `a${index}`,
      domainId: rootId,
      kind: index % 2 === 0 ? 'user' : 'project',
    }));
    const load = async (accounts: object[]) =>
      (await api.ask('POST', '/v1/accounts/import', { items: accounts })).body;
    expect(await load(items)).toEqual({ created: 3_000, updated: 0, unchanged: 0 });
    await api.ask('POST', '/v1/domains', { id: 'new-home', name: 'new home' });
    const moved = items.map((item, index) =>
      index < 2 ? { ...item, domainId: 'new-home' } : item,
    );
    expect(await load(moved)).toEqual({ created: 0, updated: 2, unchanged: 2_998 });
    expect((await api.ask('GET', '/v1/accounts?domainId=new-home')).body.items).toHaveLength(2);
  });

  it.each([
    [[{ id: 'p', name: 'p', domainId: 'nowhere' }], 'domain_invalid'],
    [[{ name: 'p', domainId: 'x' }], 'request_invalid'],
    [[{ id: 'p', name: 'p', domainId: 'x', kind: 'robot' }], 'request_invalid'],
    [
      [
        { id: 'p', name: 'p', domainId: 'x' },
        { id: 'p', name: 'q', domainId: 'x' },
      ],
      'request_invalid',
    ],
  ])('refuse %j', async (items, code) => {
    expect((await api.ask('POST', '/v1/accounts/import', { items })).body.code).toBe(code);
  });
});

describe('the directory', () => {
  it('is said not to be read from a cloud when it is not', async () => {
    for (const [method, url] of [
      ['GET', '/v1/directory'],
      ['POST', '/v1/directory/sync'],
    ] as const) {
      const answer = await api.ask(method, url, method === 'POST' ? {} : undefined);
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
    }
  });

  it('tells how far it is in step, and is read anew when asked', async () => {
    const database = databaseOf(api.store);
    const claimed = { kind: 'cloudstack', claimMs: 60_000 } as const;
    const claim = await claimSync(database, claimed);
    if (!claim) throw new RangeError('a first sync is due');
    await recordFailure(database, {
      error: 'http://cloud.test: away',
      waitMs: 1e6,
      waitMsMax: 1e6,
    });
    const before = await api.ask('GET', '/v1/directory');
    expect(before).toMatchObject({
      status: 200,
      body: { kind: 'cloudstack', syncedAt: null, error: 'http://cloud.test: away', failures: 1 },
    });
    // Everybody may ask whether it is ready; why the cloud does not answer is the operator's business.
    const ready = await api.ask('GET', '/readyz', undefined, {});
    expect(ready).toMatchObject({
      status: 200,
      body: { directory: { kind: 'cloudstack', syncedAt: null, ageSeconds: null, failures: 1 } },
    });
    expect(ready.text).not.toContain('cloud.test');
    expect(await claimSync(database, claimed)).toBeUndefined();
    const asked = await api.ask('POST', '/v1/directory/sync', { acceptRemovals: true });
    expect(asked.status).toBe(202);
    expect(await claimSync(database, claimed)).toMatchObject({
      acceptRemovals: true,
      adoptLocal: false,
    });
    await deleteDirectoryStatus(database);
  });

  it('lists the accounts it does not know, last seen first', async () => {
    const database = databaseOf(api.store);
    await addUnknown(database, [{ id: 'ghost-1', project: null, events: 2 }], 100);
    await addUnknown(database, [{ id: 'ghost-2', project: 'p', events: 1 }], 100);
    await addUnknown(database, [{ id: 'ghost-1', project: null, events: 3 }], 100);
    const { body } = await api.ask('GET', '/v1/directory/unknown');
    expect(body).toMatchObject({
      items: [
        { id: 'ghost-1', project: null, events: 5 },
        { id: 'ghost-2', project: 'p', events: 1 },
      ],
      nextCursor: null,
    });
    expect((await api.ask('GET', '/v1/directory/unknown?limit=1')).body.items).toHaveLength(1);
  });
});

const password = 'correct horse';
const run = async (query: string): Promise<unknown[]> => api.store.em.fork().execute(query);
const text = (value: string | null | undefined): string => (value ? `'${value}'` : 'null');

interface NewUser {
  readonly username: string;
  readonly role: string;
  readonly accountId: string;
}
const makeUser = async (user: NewUser) => api.ask('POST', '/v1/users', { ...user, password });

async function logIn(username: string): Promise<Record<string, string>> {
  const { body } = await api.ask('POST', '/v1/login', { username, password }, {});
  return { authorization: `Bearer ${body.token}` };
}

/** The accounts of the events that a new user sees, listed and one by one. */
async function seenBy(user: NewUser): Promise<string[]> {
  await makeUser(user);
  const headers = await logIn(user.username);
  const { body } = await api.ask('GET', '/v1/events', undefined, headers);
  for (const { id } of body.items) {
    expect((await api.ask('GET', `/v1/events/${id}`, undefined, headers)).status).toBe(200);
  }
  return body.items.map(({ account }) => account);
}

describe('an account that is gone from the cloud', () => {
  it('says since when, owns no new webhook, and nobody acts for it; an Admin is never shut out', async () => {
    await run(`insert into account (id, name, domain_id) values ('gone', 'gone', '${rootId}')`);
    await makeUser({ username: 'left', role: 'User', accountId: 'gone' });
    await makeUser({ username: 'root', role: 'Admin', accountId: 'gone' });
    const [left, admin] = [await logIn('left'), await logIn('root')];
    expect((await api.ask('GET', '/v1/webhooks', undefined, left)).status).toBe(200);
    await run(`update account set removed_at = '2031-05-20T12:00:00Z' where id = 'gone'`);
    expect((await api.ask('GET', '/v1/accounts/gone')).body).toMatchObject({
      removedAt: '2031-05-20T12:00:00.000Z',
    });
    const webhook = { name: 'w', payloadUrl: 'http://r.test/gone', accountId: 'gone' };
    expect((await api.ask('POST', '/v1/webhooks', webhook)).body).toMatchObject({
      code: 'account_invalid',
      detail: 'The account gone is gone from the cloud.',
    });
    expect((await api.ask('GET', '/v1/webhooks', undefined, left)).body.code).toBe(
      'unauthenticated',
    );
    expect((await api.ask('GET', '/v1/webhooks', undefined, admin)).status).toBe(200);
  });
});

describe('events of a project', () => {
  it('are seen by the project and those above it, though they name the account behind it', async () => {
    await run(
      `insert into domain (id, name, parent_id) values ('seen', 'seen', '${rootId}'), ('aside', 'aside', '${rootId}')`,
    );
    await run(`insert into account (id, name, domain_id, kind, alias) values
      ('seen-project', 'p', 'seen', 'project', null), ('known-project', 'k', 'seen', 'project', 'behind-known'),
      ('seen-admin', 'a', 'seen', 'user', null), ('aside-admin', 'b', 'aside', 'user', null)`);
    const events = [
      ['ActionEvent', 'behind', 'seen-project'],
      ['UsageEvent', 'behind-known', null],
      // Of another cloud than CloudStack: what it calls the project may be a service's.
      [null, 'stranger', 'seen-project'],
    ];
    for (const [category, account, project] of events) {
      await run(`insert into event (id, process_id, source, category, event, account, project, body, owed)
        values ('${newId()}', 1, 's', ${text(category)}, 'E', ${text(account)}, ${text(project)}, '{}', '{}')`);
    }
    expect(await seenBy({ username: 'p-user', role: 'User', accountId: 'seen-project' })).toEqual([
      'behind',
    ]);
    expect(await seenBy({ username: 'k-user', role: 'User', accountId: 'known-project' })).toEqual([
      'behind-known',
    ]);
    expect(
      await seenBy({ username: 's-admin', role: 'DomainAdmin', accountId: 'seen-admin' }),
    ).toEqual(['behind-known', 'behind']);
    expect(
      await seenBy({ username: 'a-admin', role: 'DomainAdmin', accountId: 'aside-admin' }),
    ).toEqual([]);
  });
});
