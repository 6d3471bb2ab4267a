/** Whoever is shut out is out at once, in every process: nothing of who somebody is, is kept between two requests. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findByApiKey } from '../../src/access/api-key.ts';
import { databaseOf } from '../../src/store/database.ts';
import { secretKey, startApi, startReplica } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';

let here: ApiUnderTest;
let there: ApiUnderTest;
beforeAll(async () => {
  here = await startApi();
  there = await startReplica(here);
});
afterAll(async () => {
  await there[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

const run = (query: string) => here.store.em.fork().execute(query);
let count = 0;

/** A user with a session, a token and a key pair, each of which was used in both processes. */
async function makePerson(role: string) {
  const name = `person-${(count += 1)}`;
  const domain = await here.ask('GET', '/v1/domains');
  const domainId = domain.body.items[0]?.id;
  await here.ask('POST', '/v1/accounts', { id: name, name, domainId });
  const password = 'a password';
  await here.ask('POST', '/v1/users', { username: name, password, role, accountId: name });
  const login = await here.ask('POST', '/v1/login', { username: name, password }, {});
  const session = { authorization: `Bearer ${login.body.token}` };
  const token = await here.ask('POST', '/v1/tokens', { name: 't' }, session);
  const pair = await here.ask('POST', `/v1/users/${name}/keys`, undefined, session);
  const opened = async (): Promise<string> => {
    const asked = [here, there].flatMap(api => [
      opens(api, 'session', login.body.token),
      opens(api, 'token', token.body.token),
      keyOpens(api, pair.body.apiKey),
    ]);
    return (await Promise.all(asked)).join(' ');
  };
  return { name, password, session, opened };
}

async function opens(api: ApiUnderTest, kind: string, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const { status } = await api.ask('GET', '/v1/session', undefined, headers);
  return status === 200 ? kind : '-';
}

async function keyOpens({ store }: ApiUnderTest, apiKey: string): Promise<string> {
  return (await findByApiKey(databaseOf(store), apiKey, [secretKey])) ? 'key' : '-';
}

const all = 'session token key session token key';
const none = '- - - - - -';

describe.each(['DomainAdmin', 'User'])('a %s', role => {
  it('who is deleted is out', async () => {
    const { name, opened } = await makePerson(role);
    expect(await opened()).toBe(all);
    expect((await here.ask('DELETE', `/v1/users/${name}`)).status).toBe(204);
    expect(await opened()).toBe(none);
  });

  it('whose account the cloud no longer has is out, and in again when it is back', async () => {
    const { name, opened } = await makePerson(role);
    expect(await opened()).toBe(all);
    await run(`update account set removed_at = now() where id = '${name}'`);
    expect(await opened()).toBe(none);
    await run(`update account set removed_at = null where id = '${name}'`);
    expect(await opened()).toBe(all);
  });

  it('whose account is deleted is out', async () => {
    const { name, opened } = await makePerson(role);
    await run(`delete from account where id = '${name}'`);
    expect(await opened()).toBe(none);
  });

  it('with a new password is out with all that the former one made', async () => {
    const { name, opened } = await makePerson(role);
    await there.ask('PATCH', `/v1/users/${name}`, { password: 'another password' });
    expect(await opened()).toBe(none);
  });
});

it('a DomainAdmin whose role is lowered may do less at once', async () => {
  const { name, session } = await makePerson('DomainAdmin');
  const make = async (username: string) => {
    const wanted = { username, password: 'a password', role: 'User' };
    return (await there.ask('POST', '/v1/users', wanted, session)).body.code ?? 'done';
  };
  expect(await make(`one-of-${name}`)).toBe('done');
  await run(`update app_user set role = 'User' where username = '${name}'`);
  expect(await make(`two-of-${name}`)).toBe('forbidden');
});

it('an Admin whose account the cloud no longer has stays in: no answer of a cloud shuts admins out', async () => {
  const { name, opened } = await makePerson('Admin');
  await run(`update account set removed_at = now() where id = '${name}'`);
  expect(await opened()).toBe(all);
});
