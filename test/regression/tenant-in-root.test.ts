/** A plain user whose account lies in the root domain, as in a cloud with one domain, reached every private address. */
import { expect, it } from 'vitest';

import { openMatchSync } from '../integration/match-sync-harness.ts';
import { openRecordHarness } from '../integration/record-harness.ts';
import { waitUntil } from '../service/wait-until.ts';

it('is a root admin’s account whose users are, and one of users alone is a tenant’s, as soon as they are', async () => {
  await using harness = await openRecordHarness();
  const { store } = harness;
  const run = (query: string) => store.em.fork().execute(query);
  await run(`delete from domain`);
  await run(`insert into domain (id, name) values ('root', 'ROOT')`);
  await run(`insert into account (id, name, domain_id) values
    ('unknown', 'u', 'root'), ('admins', 'a', 'root'), ('tenant', 't', 'root'), ('later', 'l', 'root')`);
  await run(`insert into app_user (username, role, account_id) values
    ('a1', 'User', 'admins'), ('a2', 'Admin', 'admins'), ('t1', 'DomainAdmin', 'tenant')`);
  const sync = await openMatchSync(harness);
  const root = () =>
    ['unknown', 'admins', 'tenant', 'later'].filter(id => sync.index.isRootAccount(id)).join();
  expect(root()).toBe('unknown,admins,later');
  const stop = new AbortController();
  const running = sync.run(stop.signal);
  try {
    await waitUntil('a first user', async () => {
      // Asked again and again, because it is told to whoever listens already.
      await run(`delete from app_user where username = 'l1'`);
      await run(`insert into app_user (username, role, account_id) values ('l1', 'User', 'later')`);
      return root() === 'unknown,admins';
    });
    await run(`update app_user set role = 'User' where username = 'a2'`);
    await waitUntil('an admin who is none any more', () => root() === 'unknown');
    await run(`update app_user set role = 'Admin' where username = 't1'`);
    await waitUntil('a tenant who is an admin', () => root() === 'unknown,tenant');
    await run(`update app_user set account_id = null where username = 't1'`);
    await run(`delete from app_user where username = 'l1'`);
    await waitUntil('accounts without users', () => root() === 'unknown,tenant,later');
  } finally {
    stop.abort();
    await running;
  }
});
