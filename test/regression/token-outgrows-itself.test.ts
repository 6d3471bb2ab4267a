/** A token for writing alone, or one that ended tomorrow, made key pairs, passwords and tokens that opened more, for ever. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApi } from '../integration/api-harness.ts';
import type { ApiUnderTest } from '../integration/api-harness.ts';

let api: ApiUnderTest;
const headers: Record<string, Record<string, string>> = {};

beforeAll(async () => {
  api = await startApi();
  const make = async (wanted: object) => {
    const { body } = await api.ask('POST', '/v1/tokens', { name: 't', ...wanted });
    return { authorization: `Bearer ${body.token}` };
  };
  headers['for writing'] = await make({ scopes: ['write'] });
  headers['for a day'] = await make({ expiresInDays: 1 });
  headers['for everything'] = await make({});
});
afterAll(() => api[Symbol.asyncDispose]());

const ask = async (
  method: 'POST' | 'PATCH',
  path: string,
  body: object | undefined,
  token: string,
) => (await api.ask(method, path, body, headers[token] ?? {})).body.code ?? 'done';

describe.each(['for writing', 'for a day'])('a token %s', token => {
  it('makes no key pair', async () => {
    expect(await ask('POST', '/v1/users/admin/keys', undefined, token)).toBe('token_scope');
  });

  it('sets no password', async () => {
    const password = { password: 'another password' };
    expect(await ask('PATCH', '/v1/users/admin', password, token)).toBe('token_scope');
  });

  it('makes no user, whose password it would know', async () => {
    const user = { username: 'another', password: 'a password', role: 'Admin' };
    expect(await ask('POST', '/v1/users', user, token)).toBe('token_scope');
  });

  it('makes no token that lasts and opens everything', async () => {
    expect(await ask('POST', '/v1/tokens', { name: 't' }, token)).toBe('token_scope');
  });
});

it('makes a token that ends when it does', async () => {
  const wanted = { name: 't', expiresInDays: 2 };
  expect(await ask('POST', '/v1/tokens', wanted, 'for a day')).toBe('token_scope');
  await api.store.em
    .fork()
    .execute(
      `update credential set expires_at = now() + interval '3 days' where expires_at < now() + interval '2 days'`,
    );
  expect(await ask('POST', '/v1/tokens', wanted, 'for a day')).toBe('done');
});

it('makes all of it with a token for everything, and with a session', async () => {
  expect(await ask('POST', '/v1/users/admin/keys', undefined, 'for everything')).toBe('done');
  const { body } = await api.ask(
    'POST',
    '/v1/login',
    { username: 'admin', password: 'correct horse' },
    {},
  );
  headers['session'] = { authorization: `Bearer ${body.token}` };
  expect(await ask('POST', '/v1/users/admin/keys', undefined, 'session')).toBe('done');
  expect(await ask('POST', '/v1/tokens', { name: 't' }, 'session')).toBe('done');
});
