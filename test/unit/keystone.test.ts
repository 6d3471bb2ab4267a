/** The Keystone provider against a server that speaks Identity API v3. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { CloudError } from '../../src/directory/cloud-error.ts';
import { createKeystoneClient } from '../../src/directory/keystone/keystone-client.ts';
import type { KeystoneOptions } from '../../src/directory/keystone/keystone-client.ts';
import { createKeystoneProvider } from '../../src/directory/keystone/keystone.ts';
import { refuse, startKeystone, type FakeKeystone } from '../fixtures/keystone-server.ts';

let keystone: FakeKeystone;
beforeEach(async () => {
  keystone = await startKeystone();
  keystone.tables.domains.push({ id: 'default', name: 'Default' }, { id: 'd2', name: 'Two' });
  keystone.tables.projects.push(
    { id: 'p1', name: 'one', domain_id: 'default', parent_id: 'default' },
    { id: 'p2', name: 'two', domain_id: 'd2', parent_id: 'p1' },
  );
  keystone.tables.users.push(
    { id: 'u1', name: 'nova', domain_id: 'default' },
    { id: 'u2', name: 'dora', domain_id: 'd2' },
  );
});
afterEach(() => keystone[Symbol.asyncDispose]());

const { signal } = new AbortController();
const password = {
  kind: 'password',
  username: 'hookline',
  userDomain: 'Default',
  password: 'pass-phrase',
} as const;
const providerOf = (options: Partial<KeystoneOptions> & { users?: boolean } = {}) => {
  const { users = true, ...rest } = options;
  const client = createKeystoneClient({
    url: keystone.url,
    credential: password,
    timeoutMs: 5_000,
    pageSize: 500,
    ...rest,
  });
  return createKeystoneProvider({ client, users });
};

async function failure(work: Promise<unknown>): Promise<CloudError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CloudError) return error;
  throw error;
}

describe('a snapshot', () => {
  it('has domains side by side, and projects and users as accounts in them', async () => {
    expect(await providerOf().readAll(signal)).toEqual({
      layers: [
        [
          { id: 'default', name: 'Default', parentId: null },
          { id: 'd2', name: 'Two', parentId: null },
        ],
      ],
      root: 'none',
      accounts: [
        { id: 'p1', name: 'one', domainId: 'default', kind: 'project' },
        { id: 'p2', name: 'two', domainId: 'd2', kind: 'project' },
        { id: 'u1', name: 'nova', domainId: 'default', kind: 'user' },
        { id: 'u2', name: 'dora', domainId: 'd2', kind: 'user' },
      ],
      isWhole: true,
    });
  });

  it('leaves users out when told to, without asking for them', async () => {
    const { accounts } = await providerOf({ users: false }).readAll(signal);
    expect(accounts.map(({ id }) => id)).toEqual(['p1', 'p2']);
    expect(keystone.asked.some(({ pathname }) => pathname.includes('users'))).toBe(false);
  });

  it('is read page by page, at the address that was configured', async () => {
    keystone.tables.projects = Array.from({ length: 45 }, (_, index) => ({
      id: `p${index}`,
      name: 'p',
      domain_id: 'default',
    }));
    keystone.limitMax = 20;
    const { accounts, isWhole } = await providerOf({ users: false }).readAll(signal);
    expect([accounts.length, isWhole]).toEqual([45, true]);
    expect(keystone.asked.map(({ search }) => search)).toEqual([
      '?limit=500',
      '?limit=500',
      '?limit=500&marker=p19',
      '?limit=500&marker=p39',
    ]);
  });

  it('is not whole when the server cuts a list off', async () => {
    keystone.limitMax = 1;
    keystone.cutsOff = true;
    const { accounts, isWhole } = await providerOf().readAll(signal);
    expect([accounts.length, isWhole]).toEqual([2, false]);
  });
});

describe('a token', () => {
  it('is got once, with the password and for the whole system', async () => {
    const provider = providerOf();
    await provider.readAll(signal);
    await provider.readAll(signal);
    expect(keystone.logins.map(login => JSON.parse(login))).toEqual([
      {
        auth: {
          identity: {
            methods: ['password'],
            password: {
              user: { name: 'hookline', domain: { name: 'Default' }, password: 'pass-phrase' },
            },
          },
          scope: { system: { all: true } },
        },
      },
    ]);
  });

  it('is for a project when one is named', async () => {
    const project = { name: 'admin', domain: 'Default' };
    await providerOf({ credential: { ...password, project } }).readAll(signal);
    expect(JSON.parse(keystone.logins[0] ?? '')).toMatchObject({
      auth: { scope: { project: { name: 'admin', domain: { name: 'Default' } } } },
    });
  });

  it('is got with an application credential, which has a scope of its own', async () => {
    const credential = { kind: 'application', id: 'c1', secret: 'c-secret' } as const;
    await providerOf({ credential }).readAll(signal);
    expect(JSON.parse(keystone.logins[0] ?? '')).toEqual({
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { id: 'c1', secret: 'c-secret' },
        },
      },
    });
  });

  it('is got anew when the last one is not taken any more', async () => {
    const provider = providerOf();
    await provider.readAll(signal);
    keystone.revoke();
    expect((await provider.readAll(signal)).accounts).toHaveLength(4);
    expect(keystone.logins).toHaveLength(2);
  });
});

describe('an account that is looked up', () => {
  const known = { isKnownDomain: async () => true, signal };
  const strange = { isKnownDomain: async () => false, signal };

  it('is a project, or a user, in a domain that comes with it when it is new', async () => {
    expect(await providerOf().lookUp({ accountId: 'p2' }, known)).toEqual({
      account: { id: 'p2', name: 'two', domainId: 'd2', kind: 'project' },
      domains: [],
    });
    expect(await providerOf().lookUp({ accountId: 'u2' }, strange)).toEqual({
      account: { id: 'u2', name: 'dora', domainId: 'd2', kind: 'user' },
      domains: [{ id: 'd2', name: 'Two', parentId: null }],
    });
  });

  it('may be nobody', async () => {
    expect(await providerOf().lookUp({ accountId: '../domains/d2' }, known)).toBeUndefined();
    expect(await providerOf({ users: false }).lookUp({ accountId: 'u1' }, known)).toBeUndefined();
  });
});

describe('an error', () => {
  it('has Keystone’s text, and no secret', async () => {
    const credential = { ...password, password: 'wrong' };
    const error = await failure(providerOf({ credential }).readAll(signal));
    expect(error.message).toContain('The request you have made requires authentication.');
    expect(`${error.stack}${JSON.stringify(error)}`).not.toContain('wrong');
  });

  it('says which role is needed when one is missing', async () => {
    keystone.intercept = ({ url }) =>
      url.pathname === '/v3/projects' ? refuse(403, 'You are not authorized') : undefined;
    const error = await failure(providerOf().readAll(signal));
    expect(error.message).toMatch(/projects \(403\): You are not authorized.*reader/);
  });

  it.each([
    [{ status: 200, body: { links: {} } }, 'Keystone refuses domains (200)'],
    ['cut' as const, 'cannot be reached'],
  ])('is told for the answer %j', async (reaction, expected) => {
    keystone.intercept = ({ url }) => (url.pathname === '/v3/domains' ? reaction : undefined);
    expect((await failure(providerOf().readAll(signal))).message).toContain(expected);
  });
});
