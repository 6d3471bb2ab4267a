import { beforeAll, describe, expect, it } from 'vitest';

import { hashPassword, verifyPassword } from '../../src/access/password.ts';
import { listPermissions, permissionFor, grantOf } from '../../src/access/permission.ts';
import { createToken, hashToken } from '../../src/access/token.ts';

describe('a password', () => {
  // A hash takes a tenth of a second of the processor, so the tests share two of one password.
  let hashed: string;
  let hashedAgain: string;
  beforeAll(async () => {
    [hashed, hashedAgain] = await Promise.all([
      hashPassword('cafe\u0301'),
      hashPassword('cafe\u0301'),
    ]);
  });

  it('is recognised however its letters are composed, and another one is not', async () => {
    expect(await verifyPassword('caf\u00e9', hashed)).toBe(true);
    expect(await verifyPassword('cafe', hashed)).toBe(false);
  });

  it('is stored as a hash of its own that carries its parameters', () => {
    expect(hashed).toMatch(/^scrypt\$15\$8\$3\$[\w+/=]{24}\$[\w+/=]{44}$/);
    expect(hashed).not.toBe(hashedAgain);
  });

  it('is checked with the parameters it was hashed with, so that these may grow', async () => {
    // Made with N = 2^10, r = 8, p = 1.
    const stored =
      'scrypt$10$8$1$AAAAAAAAAAAAAAAAAAAAAA==$I3pHC5g7H1CZ949mBRMmtv7VEB5bH5S4Jo4MQ8eOUm8=';
    expect(await verifyPassword('old', stored)).toBe(true);
    expect(await verifyPassword('new', stored)).toBe(false);
    expect(await verifyPassword('', stored)).toBe(false);
  });

  it('of a user who is not there is wrong, whatever it is', async () => {
    expect(await verifyPassword('anything')).toBe(false);
  });
});

describe('a token', () => {
  it('is random and recognisable, and its hash does not show it', () => {
    const token = createToken();
    expect(token).toMatch(/^hkl_[\w-]{43}$/);
    expect(createToken()).not.toBe(token);
    expect(hashToken(token)).toHaveLength(32);
    expect(hashToken(token)).toEqual(hashToken(token));
  });
});

describe('the permission table', () => {
  it('refuses a route without a row', () => {
    expect(() => permissionFor('PUT', '/v1/webhooks')).toThrow(RangeError);
    expect(() => permissionFor('GET', '/docstring')).toThrow(RangeError);
  });

  it('keeps everything but health, login, the documentation and what has a proof of its own for those who are logged in', () => {
    const open = listPermissions().filter(route => {
      const [method = '', url = ''] = route.split(' ');
      return permissionFor(method, url) === 'public';
    });
    expect(open).toEqual([
      'GET /healthz',
      'GET /readyz',
      'GET /metrics',
      'GET /*',
      'GET /v1/openapi.json',
      'GET /openapi.json',
      'POST /v1/login',
      // Proved in CloudStack's own way, command by command.
      'GET /client/api',
      'POST /client/api',
      'GET /v1/login/methods',
      'GET /v1/oidc/login',
      'GET /v1/oidc/callback',
      'POST /v1/oidc/device',
      'POST /v1/oidc/device/token',
      'POST /v1/in/:source',
      'OPTIONS /v1/in/:source',
    ]);
  });

  it('lets an admin grant everything, a domain admin their subtree, a user their account', () => {
    const permission = permissionFor('GET', '/v1/webhooks');
    if (permission === 'public') throw new RangeError('webhooks are not public');
    expect(grantOf(permission, 'Admin')).toBe('everything');
    expect(grantOf(permission, 'DomainAdmin')).toBe('subtree');
    expect(grantOf(permission, 'User')).toBe('account');
  });

  it('keeps what is about the whole installation for admins', () => {
    const permission = permissionFor('POST', '/v1/sources/:name/pause');
    if (permission === 'public') throw new RangeError('sources are not public');
    expect(grantOf(permission, 'DomainAdmin')).toBeUndefined();
    expect(grantOf(permission, 'User')).toBeUndefined();
  });
});
