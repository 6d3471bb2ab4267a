import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createLocalToken, ensureAdmin, putLocalUser } from '../../src/access/bootstrap.ts';
import { databaseOf } from '../../src/store/database.ts';
import { startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const as = (token: string) => ({ authorization: `Bearer ${token}` });
const login = (username: string, password: string) =>
  api.ask('POST', '/v1/login', { username, password }, {});
const whoAsks = async (token: string) =>
  (await api.ask('GET', '/v1/webhooks', undefined, as(token))).status;

describe('logging in', () => {
  it('gives a token that opens the API until it expires', async () => {
    const { status, body } = await login('admin', 'correct horse');
    expect(status).toBe(200);
    expect(await whoAsks(body.token)).toBe(200);
    await api.store.em
      .fork()
      .execute(`update credential set expires_at = now() where kind = 'session'`);
    expect(await whoAsks(body.token)).toBe(401);
  });

  it.each([
    ['admin', 'wrong horse'],
    ['nobody', 'correct horse'],
    ['admin', ''],
  ])('as %s with %j tells nothing but that it failed', async (username, password) => {
    const answer = await login(username, password);
    expect(answer.body).toMatchObject({
      status: 401,
      code: 'login_failed',
      detail: 'The username or the password is wrong.',
    });
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  it('logs neither password nor token', async () => {
    const { body } = await login('admin', 'correct horse');
    const log = api.logged.join('\n');
    expect(log).toContain('request.answered');
    expect(log).not.toContain('correct horse');
    expect(log).not.toContain(body.token);
  });
});

describe('a request', () => {
  it.each([
    ['no token', {}],
    ['a token nobody has', as('hkl_nonsense')],
    ['another scheme', { authorization: 'Basic YWRtaW46YWRtaW4=' }],
    ['an empty token', { authorization: 'Bearer ' }],
  ])('with %s is answered 401', async (_, headers: Record<string, string>) => {
    const answer = await api.ask('GET', '/v1/webhooks', undefined, headers);
    expect(answer.body).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  it('of a role that may not is answered 403', async () => {
    await putLocalUser(databaseOf(api.store), { username: 'tenant', password: 'password' });
    await api.store.em
      .fork()
      .execute(`update app_user set role = 'User' where username = 'tenant'`);
    const { body } = await login('tenant', 'password');
    const answer = await api.ask('GET', '/v1/quarantine', undefined, as(body.token));
    expect(answer.body).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('is refused before its body is looked at', async () => {
    const answer = await api.ask('POST', '/v1/webhooks', { nonsense: true }, {});
    expect(answer.body.code).toBe('unauthenticated');
  });
});

describe('tokens', () => {
  it('are shown once, listed without what proves them, and end when taken back', async () => {
    const made = await api.ask('POST', '/v1/tokens', { name: 'ci', expiresInDays: 30 });
    expect(made.status).toBe(201);
    expect(await whoAsks(made.body.token)).toBe(200);
    const list = await api.ask('GET', '/v1/tokens');
    expect(list.text).not.toContain(made.body.token);
    const listed = list.body.items.find(({ id }) => id === made.body.id);
    expect(listed).toMatchObject({ name: 'ci', lastUsedAt: expect.any(String) });
    expect((await api.ask('DELETE', `/v1/tokens/${made.body.id}`)).status).toBe(204);
    expect(await whoAsks(made.body.token)).toBe(401);
    expect((await api.ask('DELETE', `/v1/tokens/${made.body.id}`)).body.code).toBe('not_found');
  });

  it('are stored as hashes', async () => {
    const { body } = await api.ask('POST', '/v1/tokens', { name: 'stored' });
    const rows = await api.store.em
      .fork()
      .execute<{ row: string }[]>('select credential::text as row from credential');
    expect(rows.length).toBeGreaterThan(0);
    for (const { row } of rows) expect(row).not.toContain(body.token);
  });

  it("of one user are none of another's business", async () => {
    const mine = await api.ask('POST', '/v1/tokens', { name: 'mine' });
    await api.ask('POST', '/v1/users', { username: 'other', password: 'password' });
    const { body } = await login('other', 'password');
    const list = await api.ask('GET', '/v1/tokens', undefined, as(body.token));
    expect(list.body.items).toEqual([]);
    const answer = await api.ask('DELETE', `/v1/tokens/${mine.body.id}`, undefined, as(body.token));
    expect(answer.body.code).toBe('not_found');
  });
});

describe('users', () => {
  it('are made, listed and deleted, and their tokens go with them', async () => {
    const made = await api.ask('POST', '/v1/users', { username: 'ann', password: 'password' });
    expect(made).toMatchObject({ status: 201, body: { username: 'ann', role: 'User' } });
    expect(made.text).not.toMatch(/hash|password/i);
    const { body } = await login('ann', 'password');
    const { body: list } = await api.ask('GET', '/v1/users');
    expect(list.items.map(({ username }) => username)).toContain('ann');
    expect((await api.ask('DELETE', '/v1/users/ann')).status).toBe(204);
    expect(await whoAsks(body.token)).toBe(401);
    expect((await api.ask('DELETE', '/v1/users/ann')).body.code).toBe('not_found');
  });

  it('get a new password, which ends what the old one opened', async () => {
    await api.ask('POST', '/v1/users', { username: 'bob', password: 'password' });
    const { body } = await login('bob', 'password');
    expect((await api.ask('PATCH', '/v1/users/bob', { password: 'passw0rd' })).status).toBe(204);
    expect(await whoAsks(body.token)).toBe(401);
    expect((await login('bob', 'password')).status).toBe(401);
    expect((await login('bob', 'passw0rd')).status).toBe(200);
  });

  it.each([
    [{ username: 'admin', password: 'password' }, 'name_in_use'],
    [{ username: 'short', password: 'passwor' }, 'request_invalid'],
    [{ username: 'a/b', password: 'password' }, 'request_invalid'],
    [{ username: 'x', password: 'password', accountId: 'nobody' }, 'account_invalid'],
    [{ username: 'x', password: 'password', role: 'Root' }, 'request_invalid'],
  ])('are refused as %j', async (user, code) => {
    expect((await api.ask('POST', '/v1/users', user)).body.code).toBe(code);
  });

  it('are never all deleted, not even by two who delete each other at once', async () => {
    await using other = await startApi();
    const rival = await other.ask('POST', '/v1/users', {
      username: 'rival',
      password: 'password',
      role: 'Admin',
    });
    expect(rival.status).toBe(201);
    const session = await other.ask(
      'POST',
      '/v1/login',
      { username: 'rival', password: 'password' },
      {},
    );
    await Promise.all([
      other.ask('DELETE', '/v1/users/rival'),
      other.ask('DELETE', '/v1/users/admin', undefined, as(session.body.token)),
    ]);
    const left = await other.store.em
      .fork()
      .execute<{ username: string }[]>('select username from app_user');
    expect(left).toHaveLength(1);
    const headers = as(left[0]?.username === 'admin' ? other.token : session.body.token);
    const last = await other.ask('DELETE', `/v1/users/${left[0]?.username}`, undefined, headers);
    expect(last.body.code).toBe('last_admin');
  });
});

describe('the first start', () => {
  it('makes one admin with an account, however many processes start, and no later start another', async () => {
    await using other = await startApi();
    const { store } = other;
    await store.em.fork().execute('delete from app_user; delete from domain');
    const made = await Promise.all([ensureAdmin(store), ensureAdmin(store), ensureAdmin(store)]);
    const passwords = made.filter(password => password !== undefined);
    expect(passwords).toHaveLength(1);
    expect(await ensureAdmin(store, 'ignored password')).toBeUndefined();
    const session = await other.ask(
      'POST',
      '/v1/login',
      { username: 'admin', password: passwords[0] },
      {},
    );
    const hook = await other.ask(
      'POST',
      '/v1/webhooks',
      { name: 'w', payloadUrl: 'http://r.example' },
      as(session.body.token),
    );
    expect(hook.status).toBe(201);
  });

  it('can be made up for on the database itself: a new password, and a token', async () => {
    await using other = await startApi();
    const database = databaseOf(other.store);
    expect(await putLocalUser(database, { username: 'admin', password: 'new password' })).toBe(
      'changed',
    );
    expect(await putLocalUser(database, { username: 'eve', password: 'new password' })).toBe(
      'created',
    );
    const token = await createLocalToken(database, { username: 'eve', name: 'bootstrap' });
    const list = await other.ask('GET', '/v1/users', undefined, as(token ?? ''));
    expect(list.status).toBe(200);
    expect(await createLocalToken(database, { username: 'nobody', name: 'x' })).toBeUndefined();
    const { body } = await other.ask('GET', '/v1/audit', undefined, as(token ?? ''));
    const noted = body.items.map(({ action, objectId }) =>
      action === 'token.created' ? action : `${action} ${objectId}`,
    );
    expect(noted.toSorted()).toEqual([
      'token.created',
      'token.created',
      'user.created admin',
      'user.created eve',
      'user.password_changed admin',
    ]);
    expect(JSON.stringify(body)).not.toContain(token);
  });
});
