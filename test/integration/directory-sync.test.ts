import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createKeystoneClient } from '../../src/directory/keystone/keystone-client.ts';
import { createKeystoneProvider } from '../../src/directory/keystone/keystone.ts';
import { runDirectorySync, syncWhenDue } from '../../src/directory/sync.ts';
import { createChangeReader } from '../../src/store/change-log.ts';
import { databaseOf } from '../../src/store/database.ts';
import { upsertAccounts } from '../../src/store/directory/account.ts';
import { adoptRootDomain, upsertDomains } from '../../src/store/directory/domain.ts';
import { claimSync, requestSync } from '../../src/store/directory/sync-state.ts';
import type { DirectoryStatus } from '../../src/store/directory/sync-state.ts';
import { startKeystone } from '../fixtures/keystone-server.ts';
import { waitUntil } from '../service/wait-until.ts';
import {
  accountRow,
  domainRow,
  fillCloud,
  openDirectoryHarness,
  type DirectoryHarness,
} from './directory-harness.ts';

let harness: DirectoryHarness;
beforeEach(async () => {
  harness = await openDirectoryHarness();
  fillCloud(harness.cloud);
});
afterEach(() => harness[Symbol.asyncDispose]());

const accounts = async (): Promise<string[]> => {
  const rows = await harness.rows<{ is: string }>(
    `select id || '@' || domain_id || case when removed_at is null then '' else ' gone' end as is
     from account order by id`,
  );
  return rows.map(row => row.is);
};
const paths = async (): Promise<string[]> => {
  const rows = await harness.rows<{ path: string }>('select path from domain order by path');
  return rows.map(({ path }) => path);
};
const everybody = ['admin@root', 'anna@berlin', 'ben@berlin', 'chi@apac', 'p@apac'];

const synced = (after: object) => ({
  action: 'directory.synced',
  account: null,
  domain: null,
  username: null,
  after,
});

function remove(id: string): void {
  const { tables } = harness.cloud;
  tables.account = tables.account.filter(row => row.id !== id);
}

describe('a sync', () => {
  it('fills an empty directory: the tree, accounts, and projects as accounts of their kind', async () => {
    expect(await harness.sync()).toMatchObject({ created: 8, updated: 0, removed: 0, held: 0 });
    expect(await paths()).toEqual(['/root/', '/root/apac/', '/root/emea/', '/root/emea/berlin/']);
    expect(await accounts()).toEqual(everybody);
    expect(
      await harness.rows(
        `select id, name, kind, origin from account where id in ('p', 'chi') order by id`,
      ),
    ).toEqual([
      { id: 'chi', name: 'chi', kind: 'user', origin: 'cloud' },
      { id: 'p', name: 'the project', kind: 'project', origin: 'cloud' },
    ]);
  });

  it('makes the cloud’s root Hookline’s own, with what hangs under it', async () => {
    const database = databaseOf(harness.store);
    await adoptRootDomain(database, { id: 'made-up', name: 'ROOT' });
    await upsertDomains(database, [{ id: 'ours', name: 'ours', parentId: 'made-up' }]);
    await upsertAccounts(database, [
      { id: 'operator', name: 'operator', domainId: 'made-up', kind: 'user' },
    ]);
    await harness.sync();
    expect(await paths()).toContain('/root/ours/');
    expect(await accounts()).toEqual([...everybody.slice(0, 4), 'operator@root', 'p@apac']);
    await harness.sync();
    expect(await accounts()).toContain('operator@root');
  });

  it('follows moves and new names, also when parents and children change places', async () => {
    await harness.sync();
    harness.cloud.tables.domain = [
      domainRow('root', undefined, 'ROOT'),
      domainRow('berlin', 'root'),
      domainRow('emea', 'apac', 'EMEA'),
      domainRow('apac', 'berlin'),
    ];
    harness.cloud.tables.account[3] = accountRow('chi', 'emea', 'Chi');
    expect(await harness.sync()).toMatchObject({ created: 0, updated: 4, removed: 0 });
    expect(await paths()).toEqual([
      '/root/',
      '/root/berlin/',
      '/root/berlin/apac/',
      '/root/berlin/apac/emea/',
    ]);
    expect(await accounts()).toContain('chi@emea');
  });

  it('moves a domain below one that came from under it', async () => {
    harness.cloud.tables.domain = [
      domainRow('root'),
      domainRow('n', 'root'),
      domainRow('a', 'n'),
      domainRow('p', 'a'),
    ];
    harness.cloud.tables.account = [accountRow('admin', 'root')];
    harness.cloud.tables.project = [];
    await harness.sync();
    harness.cloud.tables.domain = [
      domainRow('root'),
      domainRow('a', 'root'),
      domainRow('p', 'a'),
      domainRow('n', 'p'),
    ];
    expect(await harness.sync()).toMatchObject({ updated: 2 });
    expect(await paths()).toEqual(['/root/', '/root/a/', '/root/a/p/', '/root/a/p/n/']);
  });

  it('writes nothing, and so tells nobody anything, when nothing has changed', async () => {
    await harness.sync();
    const changes = createChangeReader();
    await changes(databaseOf(harness.store));
    expect(await harness.sync()).toMatchObject({ created: 0, updated: 0, removed: 0 });
    expect(await changes(databaseOf(harness.store))).toEqual([]);
    harness.cloud.tables.account[1] = accountRow('anna', 'apac');
    await harness.sync();
    expect(await changes(databaseOf(harness.store))).toMatchObject([
      { kind: 'account', key: 'anna' },
    ]);
  });

  it('reads and writes a large cloud, of which the server gives twenty rows at a time', async () => {
    const { tables } = harness.cloud;
    tables.domain.push(
      ...Array.from({ length: 300 }, (_, index) =>
        domainRow(`d${index}`, index < 10 ? 'root' : `d${index % 10}`),
      ),
    );
    tables.account.push(
      ...Array.from({ length: 6_000 }, (_, index) => accountRow(`a${index}`, `d${index % 300}`)),
    );
    harness.cloud.pageSizeMax = 20;
    expect(await harness.sync()).toMatchObject({ created: 6_308, held: 0 });
    expect(await harness.status()).toMatchObject({ domains: 304, accounts: 6_005, isWhole: true });
    const commands = harness.cloud.asked.map(({ command }) => command);
    expect(commands.filter(command => command === 'listAccounts')).toHaveLength(301);
  });

  it('leaves rows made by hand or import alone, says how many, and takes them over when told to', async () => {
    const database = databaseOf(harness.store);
    await harness.sync();
    await upsertAccounts(database, [
      { id: 'dora', name: 'imported', domainId: 'emea', kind: 'user' },
      { id: 'mine', name: 'mine', domainId: 'emea', kind: 'user' },
    ]);
    harness.cloud.tables.account.push(accountRow('dora', 'apac'));
    expect(await harness.sync()).toMatchObject({
      created: 0,
      updated: 0,
      removed: 0,
      localRows: 1,
    });
    expect(await accounts()).toContain('dora@emea');
    expect(await harness.sync({ adoptLocal: true })).toMatchObject({ updated: 1, localRows: 0 });
    expect(await accounts()).toContain('dora@apac');
    expect(await accounts()).toContain('mine@emea');
  });

  it('can store what a name should not hold', async () => {
    harness.cloud.tables.account[1] = accountRow('anna', 'berlin', 'an\u{0}na\u{1f}\u{1e}');
    await harness.sync();
    expect(await harness.rows(`select name from account where id = 'anna'`)).toEqual([
      { name: 'anna\u{1f}\u{1e}' },
    ]);
  });
});

describe('what is missing in the cloud’s answer', () => {
  it('is gone, keeps what it set up, and is back when the cloud has it again', async () => {
    await harness.sync();
    await harness.rows(
      `insert into webhook (name, account_id, domain_id, payload_url) values ('w', 'ben', 'berlin', 'u')`,
    );
    remove('ben');
    expect(await harness.sync()).toMatchObject({ removed: 1, held: 0 });
    expect(await accounts()).toContain('ben@berlin gone');
    expect(await harness.count('webhook')).toBe(1);
    expect(await harness.sync()).toMatchObject({ removed: 0 });
    harness.cloud.tables.account.push(accountRow('ben', 'apac'));
    expect(await harness.sync()).toMatchObject({ updated: 1 });
    expect(await accounts()).toContain('ben@apac');
    expect(
      await harness.rows(
        `select action, account_id as account, domain_id as domain, username, after from audit order by id`,
      ),
    ).toEqual([
      synced({ created: 8, updated: 0, removed: 0 }),
      { action: 'account.gone', account: 'ben', domain: 'berlin', username: null, after: null },
      synced({ created: 0, updated: 0, removed: 1 }),
      { action: 'account.back', account: 'ben', domain: 'apac', username: null, after: null },
      synced({ created: 0, updated: 1, removed: 0 }),
    ]);
  });

  it('is forgotten after a month when nothing hangs on it', async () => {
    await harness.sync();
    await harness.rows(
      `insert into webhook (name, account_id, domain_id, payload_url) values ('w', 'ben', 'berlin', 'u')`,
    );
    remove('ben');
    remove('chi');
    await harness.sync();
    await harness.rows(`update account set removed_at = removed_at - interval '31 days'`);
    await harness.sync();
    expect(await accounts()).toEqual(['admin@root', 'anna@berlin', 'ben@berlin gone', 'p@apac']);
  });

  it('is not gone when the lists are not whole', async () => {
    await harness.sync();
    const { account } = harness.cloud.tables;
    harness.cloud.intercept = (command, params) =>
      command === 'listAccounts'
        ? {
            status: 200,
            body: {
              listaccountsresponse:
                params.get('page') === '1'
                  ? { count: 5, account: [...account.slice(0, 2), accountRow('new', 'apac')] }
                  : { count: 5 },
            },
          }
        : undefined;
    expect(await harness.sync()).toMatchObject({ created: 1, removed: 0, held: 0 });
    expect(await accounts()).toEqual([...everybody.slice(0, 4), 'new@apac', 'p@apac']);
    expect(await harness.status()).toMatchObject({ isWhole: false });
  });

  it('is not gone when it is there at a second look', async () => {
    await harness.sync();
    const { account } = harness.cloud.tables;
    let looks = 0;
    harness.cloud.intercept = command => {
      if (command !== 'listAccounts' || (looks += 1) > 1) return undefined;
      const short = account.slice(1);
      return {
        status: 200,
        body: { listaccountsresponse: { count: short.length, account: short } },
      };
    };
    expect(await harness.sync()).toMatchObject({ removed: 0, held: 0 });
    expect(looks).toBe(2);
    expect(await accounts()).toEqual(everybody);
  });

  it('is not gone when it is too much to be believed, until the operator says so', async () => {
    const { tables } = harness.cloud;
    tables.account.push(
      ...Array.from({ length: 20 }, (_, index) => accountRow(`a${index}`, 'apac')),
    );
    await harness.sync();
    tables.account.splice(4, 10);
    expect(await harness.sync()).toMatchObject({ removed: 0, held: 10 });
    expect(await harness.status()).toMatchObject({ removalsHeld: 10, accounts: 25 });
    expect(harness.logged.map(({ event }) => event)).toContain('directory.removals_held');
    expect(await harness.sync({ acceptRemovals: true })).toMatchObject({ removed: 10, held: 0 });
    expect(await harness.status()).toMatchObject({ removalsHeld: 0, accounts: 15 });
  });

  it('is not gone when the cloud has nobody left at all', async () => {
    await harness.sync();
    harness.cloud.tables.account = [];
    harness.cloud.tables.project = [];
    expect(await harness.sync()).toMatchObject({ removed: 0, held: 5 });
    expect(await accounts()).toEqual(everybody);
  });

  it('is not gone when it was added while the lists were being read', async () => {
    await harness.sync();
    const { signal } = new AbortController();
    const { store, provider, log } = harness;
    await harness.rows('update directory_state set next_at = now()');
    const slow = {
      ...provider,
      readAll: async (stop: AbortSignal) => {
        const snapshot = await provider.readAll(stop);
        await harness.rows(`insert into account (id, name, domain_id, origin)
          values ('late', 'late', 'apac', 'cloud') on conflict do nothing`);
        return snapshot;
      },
    };
    await syncWhenDue({ store, provider: slow, refreshMs: 1, log }, signal);
    expect(await accounts()).toContain('late@apac');
  });
});

describe('when the cloud’s API fails', () => {
  it('the last snapshot serves, and why and since when is known', async () => {
    await harness.sync();
    const before = await harness.status();
    harness.cloud.intercept = () => ({ status: 503, body: '<html>maintenance</html>' });
    expect(await harness.sync()).toBeUndefined();
    expect(await accounts()).toEqual(everybody);
    const after = await harness.status();
    expect(after).toMatchObject({ syncedAt: before.syncedAt, failures: 1, accounts: 5 });
    expect(after.error).toContain('answered 503');
    expect(after.ageSeconds).toBeGreaterThan(0);
    harness.cloud.intercept = () => undefined;
    await harness.sync();
    expect(await harness.status()).toMatchObject({ error: null, failures: 0 });
  });

  it('in the middle of it, nothing is written', async () => {
    await harness.sync();
    harness.cloud.tables.account.push(accountRow('new', 'apac'));
    harness.cloud.intercept = command => (command === 'listProjects' ? 'cut' : undefined);
    expect(await harness.sync()).toBeUndefined();
    expect(await accounts()).toEqual(everybody);
  });

  it.each([
    ['another root', () => [domainRow('other', undefined, 'ROOT')], 'is other (ROOT)'],
    [
      'a part of the tree',
      () => [domainRow('emea', 'root'), domainRow('berlin', 'emea')],
      'is emea',
    ],
    ['several tops', () => [domainRow('emea', 'root'), domainRow('apac', 'root')], '2 tops'],
    ['no domain', () => [], 'lists 0 domains'],
  ])('with %s, nothing is written and the status says so', async (_, domains, expected) => {
    await harness.sync();
    harness.cloud.tables.domain = domains();
    expect(await harness.sync({ acceptRemovals: true })).toBeUndefined();
    expect((await harness.status()).error).toContain(expected);
    expect(await accounts()).toEqual(everybody);
  });
});

describe('of several processes', () => {
  it('one syncs at a time, and none before it is due again', async () => {
    const { store, provider, log, cloud } = harness;
    const { signal } = new AbortController();
    const options = { store, provider, refreshMs: 300_000, log };
    const done = await Promise.all(Array.from({ length: 5 }, () => syncWhenDue(options, signal)));
    expect(done.filter(one => one !== undefined)).toHaveLength(1);
    expect(cloud.asked.filter(({ command }) => command === 'listDomains')).toHaveLength(1);
    expect(await syncWhenDue(options, signal)).toBeUndefined();
  });

  it('those that do not sync follow what the others did', async () => {
    const { store, provider, log, cloud } = harness;
    const stop = new AbortController();
    const seen: DirectoryStatus[] = [];
    const onStatus = (status: DirectoryStatus): void => void seen.push(status);
    const options = { store, provider, refreshMs: 300_000, log, syncs: false, onStatus };
    const running = runDirectorySync(options, stop.signal);
    await harness.sync();
    await waitUntil('the sync to be seen', () => seen.some(({ syncedAt }) => syncedAt !== null));
    stop.abort();
    await running;
    expect(cloud.asked.filter(({ command }) => command === 'listDomains')).toHaveLength(1);
  });

  it('one that is overtaken by a later one writes nothing', async () => {
    const { store, provider, log, cloud } = harness;
    const { signal } = new AbortController();
    await harness.sync();
    await harness.rows('update directory_state set next_at = now()');
    const slow = {
      ...provider,
      readAll: async (stop: AbortSignal) => {
        const snapshot = await provider.readAll(stop);
        cloud.tables.account[1] = accountRow('anna', 'apac');
        await harness.sync();
        return snapshot;
      },
    };
    const options = { store, provider: slow, refreshMs: 300_000, log };
    expect(await syncWhenDue(options, signal)).toBeUndefined();
    expect(await accounts()).toContain('anna@apac');
  });

  it('what is asked for during a sync is done by the next, which is due at once', async () => {
    const { store, provider, log } = harness;
    const { signal } = new AbortController();
    const asking = {
      ...provider,
      readAll: async (stop: AbortSignal) => {
        const snapshot = await provider.readAll(stop);
        await requestSync(databaseOf(store), { acceptRemovals: true, adoptLocal: false });
        return snapshot;
      },
    };
    await syncWhenDue({ store, provider: asking, refreshMs: 300_000, log }, signal);
    const claim = await claimSync(databaseOf(store), { kind: 'cloudstack', claimMs: 1_000 });
    expect(claim).toMatchObject({ acceptRemovals: true, adoptLocal: false });
  });

  it('one that stops in the middle of a sync leaves it to the others at once', async () => {
    const { store, provider, log, cloud } = harness;
    const stop = new AbortController();
    cloud.intercept = command => {
      if (command !== 'listAccounts') return undefined;
      stop.abort();
      return 'hang';
    };
    const options = { store, provider, refreshMs: 300_000, log };
    expect(await syncWhenDue(options, stop.signal)).toBeUndefined();
    cloud.intercept = () => undefined;
    const { signal } = new AbortController();
    expect(await syncWhenDue(options, signal)).toMatchObject({ created: 8 });
  });
});

describe('Keystone’s tenants', () => {
  it('hang under Hookline’s own root, and come and go like CloudStack’s', async () => {
    await using keystone = await startKeystone();
    const { tables, url } = keystone;
    tables.domains.push({ id: 'default', name: 'Default' });
    tables.projects.push(
      { id: 'p1', name: 'one', domain_id: 'default' },
      { id: 'p2', name: 'two', domain_id: 'default' },
    );
    const credential = { kind: 'application', id: 'c', secret: 's' } as const;
    const client = createKeystoneClient({ url, credential, timeoutMs: 2_000, pageSize: 500 });
    const provider = createKeystoneProvider({ client, users: true });
    const { store, log } = harness;
    const { signal } = new AbortController();
    const sync = async () => {
      await harness.rows('update directory_state set next_at = now()');
      return syncWhenDue({ store, provider, refreshMs: 300_000, log }, signal);
    };
    expect(await sync()).toMatchObject({ created: 3 });
    const [root, ...below] = await paths();
    expect(below).toEqual([`${root}default/`]);
    tables.projects.pop();
    tables.users.push({ id: 'u1', name: 'dora', domain_id: 'default' });
    expect(await sync()).toMatchObject({ created: 1, updated: 0, removed: 1 });
    expect(await accounts()).toEqual(['p1@default', 'p2@default gone', 'u1@default']);
    expect(await sync()).toMatchObject({ created: 0, updated: 0, removed: 0 });
  });
});
