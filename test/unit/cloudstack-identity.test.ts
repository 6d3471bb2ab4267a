import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { identifyKeyPair } from '../../src/directory/cloudstack/cloudstack-identity.ts';
import { startCloudstack, type FakeCloudstack } from '../fixtures/cloudstack-server.ts';

let cloud: FakeCloudstack;
beforeEach(async () => {
  cloud = await startCloudstack();
});
afterEach(() => cloud[Symbol.asyncDispose]());

const { signal } = new AbortController();
const identify = (secretKey = cloud.keys.secretKey) =>
  identifyKeyPair(
    { url: cloud.url, timeoutMs: 2_000, pageSize: 500, now: Date.now },
    { ...cloud.keys, secretKey },
    signal,
  );
const userRow = (id: string, facts: Readonly<Record<string, unknown>> = {}) => ({
  id,
  username: `name-${id}`,
  account: 'anna',
  accountid: 'a1',
  accounttype: 0,
  domainid: 'd1',
  ...facts,
});
const anna = { accountId: 'a1', accountName: 'anna', domainId: 'd1', role: 'User' };

describe('a CloudStack key pair', () => {
  it.each([
    [0, 'User'],
    [1, 'Admin'],
    [2, 'DomainAdmin'],
    [3, 'User'],
    [undefined, 'User'],
  ])('of an account of type %s is a %s’s', async (accounttype, role) => {
    cloud.tables.user = [userRow('u1', { accounttype })];
    expect(await identify()).toEqual({
      ...anna,
      role,
      user: { id: 'u1', username: 'name-u1' },
    });
    // Asked with the pair itself, for nobody else.
    expect(cloud.asked.map(({ params }) => params.get('listall'))).toEqual([null]);
  });

  it('is the user’s who has it, of several in the account', async () => {
    cloud.tables.user = [
      userRow('u1', { apikey: 'x' }),
      userRow('u2', { apikey: cloud.keys.apiKey }),
    ];
    expect((await identify())?.user).toEqual({ id: 'u2', username: 'name-u2' });
  });

  it('is the account’s where the server does not say which user has it', async () => {
    cloud.tables.user = [userRow('u1'), userRow('u2')];
    expect(await identify()).toEqual(anna);
  });

  it('is nobody’s when the server does not take it', async () => {
    cloud.tables.user = [userRow('u1')];
    expect(await identify('another')).toBeUndefined();
  });

  it('is not known when the server does not answer', async () => {
    cloud.intercept = () => 'cut';
    await expect(identify()).rejects.toThrow('cannot be reached');
  });
});
