/** A user gets another role or account, and what they are logged in with is judged by it from the next request on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApi } from './api-harness.ts';
import type { Answer, ApiUnderTest } from './api-harness.ts';
import { createWorld } from './permission-world.ts';
import type { World } from './permission-world.ts';

let api: ApiUnderTest;
let world: World;
let count = 0;

beforeAll(async () => {
  api = await startApi();
  world = await createWorld(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A new user with a session. */
async function logIn(fields: object = {}): Promise<{ username: string; token: string }> {
  count += 1;
  const user = { username: `person-${count}`, password: 'correct horse' };
  const made = await api.ask('POST', '/v1/users', { ...user, accountId: 'own', ...fields });
  expect(made.status).toBe(201);
  const { body } = await api.ask('POST', '/v1/login', user, {});
  return { username: user.username, token: body.token };
}

const change = async (username: string, body: object, token = api.token): Promise<Answer> =>
  api.ask('PATCH', `/v1/users/${username}`, body, bearer(token));

const identityOf = async (token: string) =>
  (await api.ask('GET', '/v1/session', undefined, bearer(token))).body;

describe('a user with another role or account', () => {
  it('has it at once in a session that began before', async () => {
    const { username, token } = await logIn();
    const { webhookId } = await world.make('own');
    const see = async (): Promise<number> =>
      (await api.ask('GET', `/v1/webhooks/${webhookId}`, undefined, bearer(token))).status;
    expect([await see(), (await identityOf(token)).role]).toEqual([200, 'User']);
    expect((await change(username, { accountId: 'foreign' })).status).toBe(204);
    expect([await see(), (await identityOf(token)).accountId]).toEqual([404, 'foreign']);
    await change(username, { role: 'DomainAdmin', accountId: 'parent' });
    expect([await see(), (await identityOf(token)).role]).toEqual([200, 'DomainAdmin']);
    await change(username, { role: 'User' });
    expect(await see()).toBe(404);
  });

  it('is in the audit, with what was before', async () => {
    const { username } = await logIn();
    await change(username, { role: 'DomainAdmin' });
    const { body } = await api.ask('GET', `/v1/audit?objectId=${username}`);
    expect(body.items[0]).toMatchObject({
      action: 'user.updated',
      before: { role: 'User', accountId: 'own' },
      after: { role: 'DomainAdmin', accountId: 'own' },
    });
  });

  it('keeps their session, unless the password is set as well', async () => {
    const { username, token } = await logIn();
    await change(username, { role: 'DomainAdmin', password: 'another horse' });
    expect((await identityOf(token)).code).toBe('unauthenticated');
    const answer = await api.ask('POST', '/v1/login', { username, password: 'another horse' }, {});
    expect(answer.status).toBe(200);
  });
});

describe('a role or account is refused', () => {
  it.each([
    ['an account that is not there', { accountId: 'nowhere' }, 'account_invalid'],
    ['an unknown role', { role: 'Owner' }, 'request_invalid'],
    ['nothing at all', {}, 'request_invalid'],
  ])('by %s', async (_, body, code) => {
    const { username } = await logIn();
    expect((await change(username, body)).body.code).toBe(code);
  });

  it.each([
    ['a user, of themselves', 'User', 'own', { role: 'DomainAdmin' }, 'forbidden'],
    ['a user, of another', 'User', 'other', { role: 'DomainAdmin' }, 'not_found'],
    [
      'a domain admin who would make an admin',
      'DomainAdmin',
      'other',
      { role: 'Admin' },
      'forbidden',
    ],
    ['a domain admin, of themselves', 'DomainAdmin', 'own', { role: 'User' }, 'forbidden'],
    [
      'a domain admin, into an account elsewhere',
      'DomainAdmin',
      'other',
      { accountId: 'foreign' },
      'account_invalid',
    ],
  ])('to %s', async (...[, role, whose, body, code]) => {
    const one = await logIn({ role });
    const other = await logIn();
    const { username } = whose === 'own' ? one : other;
    const answer = await change(username, body, one.token);
    // A user may not change others: whether these exist is for those who may see them to know.
    expect(code === 'not_found' ? ['not_found', 'forbidden'] : [code]).toContain(answer.body.code);
    expect((await identityOf(other.token)).role).toBe('User');
    expect((await identityOf(one.token)).role).toBe(role);
  });

  it('to one of two admins who lower each other at the same moment: one has to be left', async () => {
    const [one, other] = [await logIn({ role: 'Admin' }), await logIn({ role: 'Admin' })];
    expect((await change('admin', { role: 'User', accountId: 'own' }, one.token)).status).toBe(204);
    const answers = await Promise.all([
      change(one.username, { role: 'User' }, other.token),
      change(other.username, { role: 'User' }, one.token),
    ]);
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(await world.run("select username from app_user where role = 'Admin'")).toHaveLength(1);
  });
});
