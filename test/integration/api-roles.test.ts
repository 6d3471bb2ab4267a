import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Role } from '../../src/store/schema/access-words.ts';
import { startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';
import { createWorld } from './permission-world.ts';
import type { World } from './permission-world.ts';

let api: ApiUnderTest;
let world: World;
beforeAll(async () => {
  api = await startApi();
  world = await createWorld(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const as = (role: Role) => ({
  authorization: `Bearer ${role === 'Admin' ? api.token : world.tokens[role]}`,
});
let count = 0;
const post = (role: Role, body: object) => {
  const payloadUrl = `https://receiver.example/${(count += 1)}`;
  return api.ask('POST', '/v1/webhooks', { name: 'w', payloadUrl, ...body }, as(role));
};

const makeUser = (role: Role, body: object) =>
  api.ask(
    'POST',
    '/v1/users',
    { username: `n${(count += 1)}`, password: 'password', ...body },
    as(role),
  );
const seeLate = () => api.ask('GET', '/v1/accounts/late', undefined, as('DomainAdmin'));

describe('a scope', () => {
  it.each([
    ['Admin', { scope: 'Global' }],
    ['Admin', { scope: 'Domain', domainId: 'foreign' }],
    ['DomainAdmin', { scope: 'Domain' }],
    ['DomainAdmin', { scope: 'Domain', domainId: 'sub' }],
    ['DomainAdmin', { scope: 'Local', accountId: 'sub' }],
    ['User', { scope: 'Local' }],
  ] as const)('may be given by %s as %j', async (role, body) => {
    const made = await post(role, body);
    expect(made.status).toBe(201);
  });

  it.each([
    [
      'DomainAdmin',
      { scope: 'Global' },
      'scope_invalid',
      'Scope Global can not be specified for owner own',
    ],
    [
      'User',
      { scope: 'Domain' },
      'scope_invalid',
      'Scope Domain can not be specified for owner own',
    ],
    [
      'User',
      { scope: 'Global' },
      'scope_invalid',
      'Scope Global can not be specified for owner own',
    ],
    [
      'DomainAdmin',
      { scope: 'Domain', domainId: 'foreign' },
      'domain_invalid',
      'There is no domain foreign.',
    ],
    [
      'DomainAdmin',
      { scope: 'Domain', domainId: 'parent' },
      'domain_invalid',
      'There is no domain parent.',
    ],
    ['DomainAdmin', { accountId: 'foreign' }, 'account_invalid', 'There is no account foreign.'],
    ['User', { accountId: 'peer' }, 'account_invalid', 'There is no account peer.'],
    // The owner's users are no admins, so not even an admin makes them the owner of what reaches further.
    [
      'Admin',
      { scope: 'Global', accountId: 'own' },
      'scope_invalid',
      'Scope Global can not be specified for owner own',
    ],
  ] as const)('is refused to %s as %j', async (role, body, code, detail) => {
    expect((await post(role, body)).body).toMatchObject({ code, detail });
  });

  it('cannot be widened later, and what an admin widened is out of the tenant’s sight', async () => {
    const { body } = await post('User', {});
    const path = `/v1/webhooks/${body.id}`;
    const wider = await api.ask('PATCH', path, { scope: 'Domain' }, as('User'));
    expect(wider.body.code).toBe('scope_invalid');
    await world.run(`update webhook set scope = 'Domain' where id = '${body.id}'`);
    expect((await api.ask('GET', path, undefined, as('User'))).body.code).toBe('not_found');
    const stolen = await api.ask('PATCH', path, { payloadUrl: 'https://mine' }, as('User'));
    expect(stolen.body.code).toBe('not_found');
    // Whoever may see it may stop it, also where the owner could not have it as it is.
    await world.run(`update webhook set scope = 'Global' where id = '${body.id}'`);
    const stopped = await api.ask('PATCH', path, { state: 'Disabled' });
    expect(stopped.status).toBe(200);
  });
});

describe('a user', () => {
  it('is made by a domain admin for the accounts of the subtree, never as an admin', async () => {
    const made = await makeUser('DomainAdmin', { accountId: 'sub', role: 'DomainAdmin' });
    expect(made).toMatchObject({ status: 201, body: { role: 'DomainAdmin', accountId: 'sub' } });
    expect((await makeUser('DomainAdmin', { role: 'Admin' })).body.code).toBe('forbidden');
  });

  it('without an account can only be an admin', async () => {
    await world.run(`update app_user set account_id = null where username = 'admin'`);
    expect((await makeUser('Admin', { role: 'User' })).body.code).toBe('account_invalid');
    expect((await makeUser('Admin', { role: 'Admin' })).status).toBe(201);
    await expect(
      world.run(`update app_user set account_id = null where username = 'user'`),
    ).rejects.toThrow('app_user_tenant_check');
  });

  it('follows their account when its domain moves', async () => {
    await world.run(`insert into domain (id, name, parent_id) values ('late', 'late', 'foreign');
      insert into account (id, name, domain_id) values ('late', 'late', 'late')`);
    expect((await seeLate()).body.code).toBe('not_found');
    await world.run(`update domain set parent_id = 'home' where id = 'late'`);
    expect((await seeLate()).body.id).toBe('late');
  });
});
