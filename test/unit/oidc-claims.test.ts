import { describe, expect, it } from 'vitest';

import { mapClaims, readUsername, valuesOf } from '../../src/access/oidc/oidc-claims.ts';
import type { ClaimRules } from '../../src/access/oidc/oidc-claims.ts';

const options: ClaimRules = {
  usernameClaim: 'preferred_username',
  accountClaim: 'account',
  rules: [
    { claim: 'groups', value: 'operators', role: 'Admin' },
    { claim: 'groups', value: 'guests', role: 'User', account: 'guests' },
    { claim: 'realm_access.roles', value: 'tenant', role: 'DomainAdmin' },
  ],
};

describe('valuesOf', () => {
  it.each([
    [{ groups: ['a', 'b'] }, 'groups', ['a', 'b']],
    [{ groups: 'a' }, 'groups', ['a']],
    [{ groups: [1, true, null, {}, ''] }, 'groups', ['1', 'true']],
    [{ realm: { roles: ['a'] } }, 'realm.roles', ['a']],
    [{ 'realm.roles': ['exact'], realm: { roles: ['inner'] } }, 'realm.roles', ['exact']],
    [{ 'https://example.com/roles': ['a'] }, 'https://example.com/roles', ['a']],
    [{ groups: null }, 'groups', []],
    [{ groups: 'a' }, 'groups.length', []],
    [{}, 'constructor', []],
    [{}, '__proto__.constructor.name', []],
  ])('reads of %j the claim %s as %j', (claims, name, expected) => {
    expect(valuesOf(claims, name)).toEqual(expected);
  });
});

describe('mapClaims', () => {
  it.each([
    [{ groups: ['guests', 'operators'] }, { role: 'Admin' }],
    [
      { groups: 'guests', account: 'a' },
      { role: 'User', account: { text: 'guests', namedBy: 'the rule for guests' } },
    ],
    [
      { realm_access: { roles: ['tenant'] }, account: 'a' },
      { role: 'DomainAdmin', account: { text: 'a', namedBy: 'the claim account' } },
    ],
  ])('takes the first rule that applies to %j', (claims, expected) => {
    expect(mapClaims(claims, options)).toEqual({ kind: 'person', ...expected });
  });

  it.each([
    [{}, 'The claim groups or realm_access.roles is missing.'],
    [
      { groups: ['Operators'] },
      'The claim groups or realm_access.roles has no value that gives a role.',
    ],
    [
      { realm_access: { roles: 'tenant' } },
      'The claim account is missing, and DomainAdmin needs an account.',
    ],
  ])('refuses %j by name of what is missing', (claims, reason) => {
    expect(mapClaims(claims, options)).toMatchObject({ kind: 'refused', reason });
  });

  it('says that nothing names an account where no claim does', () => {
    const { accountClaim: _, ...rest } = options;
    const reading = mapClaims({ realm_access: { roles: 'tenant' }, account: 'a' }, rest);
    expect(reading).toMatchObject({
      reason: 'DomainAdmin needs an account, and neither a claim nor a rule names one.',
    });
  });
});

describe('readUsername', () => {
  it.each([
    ['alice', 'name'],
    ['DOMAIN\\alice', 'name'],
    ['a'.repeat(255), 'name'],
    ['a'.repeat(256), 'refused'],
    ['a/b', 'refused'],
    [' a', 'refused'],
    ['a\0', 'refused'],
    ['', 'refused'],
    [undefined, 'refused'],
  ])('takes %j as a %s', (name, kind) => {
    expect(readUsername({ preferred_username: name }, options).kind).toBe(kind);
  });
});
