import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findByApiKey } from '../../src/access/api-key.ts';
import { UnsealError } from '../../src/access/secret/seal.ts';
import { databaseOf } from '../../src/store/database.ts';
import { secretKey, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const run = <T>(query: string): Promise<T[]> => api.store.em.fork().execute<T[]>(query);
const login = (password = 'correct horse', username = 'admin') =>
  api.ask('POST', '/v1/login', { username, password }, {});
const newToken = { name: 'made by a browser' };

async function openSession() {
  const { body, headers } = await login();
  const [cookie = ''] = String(headers['set-cookie']).split(';');
  return { cookie, csrfToken: body.csrfToken };
}

describe('a session in a browser', () => {
  it('is a cookie that scripts cannot read and other sites do not send along', async () => {
    const { headers } = await login();
    expect(headers['set-cookie']).toMatch(
      /^hookline_session=hkl_[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Expires=[^;]+ GMT$/,
    );
  });

  it('opens what its user may see, and says whose it is', async () => {
    const { cookie, csrfToken } = await openSession();
    const { body } = await api.ask('GET', '/v1/session', undefined, { cookie: `a=b; ${cookie}` });
    expect(body).toMatchObject({ username: 'admin', role: 'Admin', kind: 'session', csrfToken });
  });

  it('changes nothing without its CSRF token, nor with that of another session', async () => {
    const { cookie, csrfToken } = await openSession();
    const other = await openSession();
    const post = (headers: Record<string, string>) =>
      api.ask('POST', '/v1/tokens', newToken, { cookie, ...headers });
    expect((await post({})).body).toMatchObject({ status: 403, code: 'csrf_token_invalid' });
    const stolen = await post({ 'x-csrf-token': other.csrfToken });
    expect(stolen.body.code).toBe('csrf_token_invalid');
    expect((await post({ 'x-csrf-token': csrfToken })).status).toBe(201);
  });

  it('is not fallen back on where another token is presented', async () => {
    const { cookie, csrfToken } = await openSession();
    const headers = { cookie, 'x-csrf-token': csrfToken, authorization: 'Bearer hkl_wrong' };
    const answer = await api.ask('POST', '/v1/tokens', newToken, headers);
    expect(answer.body.code).toBe('unauthenticated');
  });

  it('ends when its user logs out, and its cookie is taken away', async () => {
    const { cookie, csrfToken } = await openSession();
    const headers = { cookie, 'x-csrf-token': csrfToken };
    const answer = await api.ask('POST', '/v1/logout', undefined, headers);
    expect(answer.status).toBe(204);
    expect(answer.headers['set-cookie']).toMatch(/^hookline_session=;.* 1970 /);
    const after = await api.ask('GET', '/v1/session', undefined, { cookie });
    expect(after.body.code).toBe('unauthenticated');
  });

  it('is all that logging out ends: a token for a program goes on', async () => {
    const { body } = await api.ask('POST', '/v1/tokens', { name: 'program' });
    const headers = { authorization: `Bearer ${body.token}` };
    expect((await api.ask('POST', '/v1/logout', undefined, headers)).status).toBe(204);
    expect((await api.ask('GET', '/v1/session', undefined, headers)).body.kind).toBe('token');
  });
});

const makeToken = async (scopes: readonly string[], token = api.token) =>
  api.ask('POST', '/v1/tokens', { name: 't', scopes }, { authorization: `Bearer ${token}` });

describe('a token for a program', () => {
  it('opens what its scopes say', async () => {
    const reader = await makeToken(['read']);
    expect(reader.body.scopes).toEqual(['read']);
    const headers = { authorization: `Bearer ${reader.body.token}` };
    expect((await api.ask('GET', '/v1/webhooks', undefined, headers)).status).toBe(200);
    const refused = await api.ask('POST', '/v1/tokens', newToken, headers);
    expect(refused.body).toMatchObject({ status: 403, code: 'token_scope' });

    const writer = { authorization: `Bearer ${(await makeToken(['write'])).body.token}` };
    const asked = await api.ask('GET', '/v1/webhooks', undefined, writer);
    expect(asked.body.code).toBe('token_scope');
  });

  it('makes none that opens more than itself', async () => {
    const writer = await makeToken(['write']);
    expect((await makeToken(['read', 'write'], writer.body.token)).body.code).toBe('token_scope');
    expect((await makeToken(['write'], writer.body.token)).status).toBe(201);
  });

  it.each([[[]], [['read', 'read']], [['admin']]])('is refused with scopes %j', async scopes => {
    expect((await makeToken(scopes)).body.code).toBe('request_invalid');
  });
});

it('is a Secure cookie where the browser speaks https, to us or to the proxy before us', async () => {
  const { headers } = await api.ask(
    'POST',
    '/v1/login',
    { username: 'admin', password: 'correct horse' },
    { 'x-forwarded-proto': 'https' },
  );
  expect(headers['set-cookie']).toMatch(/; Secure$/);
});

describe('guessing a password', () => {
  it('is cut off for the user at that address, the right password included', async () => {
    await api.ask('POST', '/v1/users', { username: 'guessed', password: 'password' });
    for (let tries = 0; tries < 10; tries += 1) {
      expect((await login('wrong password', 'guessed')).body.code).toBe('login_failed');
    }
    const cut = await login('password', 'guessed');
    expect(cut.body).toMatchObject({ status: 429, code: 'login_limited' });
    expect(Number(cut.headers['retry-after'])).toBeGreaterThan(0);
    expect((await login()).status).toBe(200);
    const other = await api.app.inject({
      method: 'POST',
      url: '/v1/login',
      remoteAddress: '192.0.2.7',
      payload: { username: 'guessed', password: 'password' },
    });
    expect(other.statusCode).toBe(200);
  });

  it('is counted before passwords are looked at, so that many at once do not pass', async () => {
    const answers = await Promise.all(
      Array.from({ length: 14 }, () => login('wrong password', 'nobody')),
    );
    const codes = answers.map(({ body }) => body.code).toSorted();
    expect(codes).toEqual([
      ...Array.from({ length: 10 }, () => 'login_failed'),
      ...Array.from({ length: 4 }, () => 'login_limited'),
    ]);
  });

  it('and the audit see the client behind a proxy that is trusted, and believe nobody else', async () => {
    await using behind = await startApi({ trustedProxies: ['192.0.2.0/24'] });
    const from = async (remoteAddress: string, forwarded: string) => {
      const answer = await behind.app.inject({
        method: 'POST',
        url: '/v1/tokens',
        remoteAddress,
        headers: { authorization: `Bearer ${behind.token}`, 'x-forwarded-for': forwarded },
        payload: { name: 't' },
      });
      const { id }: { id: string } = JSON.parse(answer.body);
      return (await behind.ask('GET', `/v1/audit?objectId=${id}`)).body.items[0]?.address;
    };
    expect(await from('192.0.2.7', '198.51.100.9')).toBe('198.51.100.9');
    expect(await from('192.0.2.7', '203.0.113.1, 198.51.100.9')).toBe('198.51.100.9');
    expect(await from('198.51.100.7', '203.0.113.1')).toBe('198.51.100.7');
    for (let tries = 0; tries < 11; tries += 1) {
      await behind.app.inject({
        method: 'POST',
        url: '/v1/login',
        remoteAddress: '192.0.2.7',
        headers: { 'x-forwarded-for': '198.51.100.9' },
        payload: { username: 'admin', password: 'wrong' },
      });
    }
    const other = await behind.app.inject({
      method: 'POST',
      url: '/v1/login',
      remoteAddress: '192.0.2.7',
      headers: { 'x-forwarded-for': '198.51.100.10' },
      payload: { username: 'admin', password: 'correct horse' },
    });
    expect(other.statusCode).toBe(200);
  });

  it('is possible again when the window has passed, and what was counted is forgotten', async () => {
    await run(`update login_attempt set since = now() - interval '16 minutes'`);
    expect((await login('password', 'guessed')).status).toBe(200);
    expect(await run(`select key from login_attempt where key like 'pair:%'`)).toEqual([]);
  });

  it('leaves no name behind: it may have been a password', async () => {
    await login('x', 'my secret password');
    const rows = await run<{ row: string }>('select login_attempt::text as row from login_attempt');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain('secret');
  });
});

describe('an API key', () => {
  it('is shown once with its secret, which is stored sealed', async () => {
    const made = await api.ask('POST', '/v1/users/admin/keys');
    expect(made.status).toBe(201);
    expect(made.body.apiKey).toMatch(/^[\w-]{86}$/);
    expect(made.body.secretKey).toMatch(/^[\w-]{86}$/);
    const list = await api.ask('GET', '/v1/users/admin/keys');
    expect(list.body.items.map(({ apiKey }) => apiKey)).toContain(made.body.apiKey);
    expect(list.text).not.toContain(made.body.secretKey);
    const [row] = await run<{ sealed: Buffer }>(
      `select sealed from api_key where api_key = '${made.body.apiKey}'`,
    );
    expect(row?.sealed.includes(made.body.secretKey)).toBe(false);
  });

  it('tells whose it is and what its signatures are made with, and that it was used', async () => {
    const made = await api.ask('POST', '/v1/users/admin/keys');
    const { apiKey } = made.body;
    const next = Buffer.alloc(32, 9);
    const found = await findByApiKey(databaseOf(api.store), apiKey, [secretKey]);
    expect(found).toMatchObject({
      principal: { username: 'admin', role: 'Admin', kind: 'key' },
      secretKey: made.body.secretKey,
    });
    const [row] = await run<{ used: boolean }>(
      `select last_used_at is not null as used from api_key where api_key = '${apiKey}'`,
    );
    expect(row?.used).toBe(true);
    const rotated = await findByApiKey(databaseOf(api.store), apiKey, [next, secretKey]);
    expect(rotated?.secretKey).toBe(made.body.secretKey);
    await expect(findByApiKey(databaseOf(api.store), apiKey, [next])).rejects.toThrow(UnsealError);
    expect(await findByApiKey(databaseOf(api.store), 'nobody', [secretKey])).toBeUndefined();
  });

  it('ends when it is taken back, and with a new password of its user', async () => {
    await api.ask('POST', '/v1/users', { username: 'keyed', password: 'password' });
    const [one, two] = [
      await api.ask('POST', '/v1/users/keyed/keys'),
      await api.ask('POST', '/v1/users/keyed/keys'),
    ];
    const find = (apiKey: string) => findByApiKey(databaseOf(api.store), apiKey, [secretKey]);
    const taken = await api.ask('DELETE', `/v1/users/keyed/keys/${one.body.id}`);
    expect(taken.status).toBe(204);
    expect(await find(one.body.apiKey)).toBeUndefined();
    expect(await find(two.body.apiKey)).toBeDefined();
    await api.ask('PATCH', '/v1/users/keyed', { password: 'password 2' });
    expect(await find(two.body.apiKey)).toBeUndefined();
    const again = await api.ask('DELETE', `/v1/users/keyed/keys/${one.body.id}`);
    expect(again.body.code).toBe('not_found');
  });
});
