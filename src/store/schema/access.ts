/** The tables of access: users, their credentials and key pairs, login attempts, and idempotency keys. */
import { defineEntity, p } from '@mikro-orm/core';

import { checkWords } from '../sql/checks.ts';
import { fullScopes, roles, tokenScopes, type Role, type TokenScope } from './access-words.ts';
import { AccountTable } from './directory.ts';

/** Someone who may log in to Hookline. */
export const AppUserTable = defineEntity({
  name: 'AppUser',
  tableName: 'app_user',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    username: p.text().unique(),
    /** Null for a user without a password. */
    passwordHash: p.text().nullable(),
    role: p.text().$type<Role>(),
    accountId: () =>
      p
        .manyToOne(AccountTable)
        .mapToPk()
        .fieldNames('account_id')
        .nullable()
        .index()
        .deleteRule('cascade'),
    created: p.datetime().defaultRaw('now()'),
    /** The user's identity at an OpenID provider; null for a user with a password. */
    issuer: p.text().nullable(),
    subject: p.text().nullable(),
    /** When the trust in that identity ends, unless the user logs in there again. Their credentials are refused afterwards. */
    trustedUntil: p.datetime().nullable(),
  },
  uniques: [{ name: 'app_user_identity_unique', properties: ['issuer', 'subject'] }],
  checks: [
    checkWords('app_user', 'role', roles),
    {
      name: 'app_user_tenant_check',
      expression: `role = 'Admin' or account_id is not null`,
    },
    {
      name: 'app_user_identity_check',
      expression: `(issuer is null) = (subject is null) and (issuer is null) = (trusted_until is null) and (issuer is null or password_hash is null)`,
    },
  ],
});

/** What a request is authenticated with: a bearer token or a session. */
export const CredentialTable = defineEntity({
  name: 'Credential',
  tableName: 'credential',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    userId: () =>
      p.manyToOne(AppUserTable).mapToPk().fieldNames('user_id').index().deleteRule('cascade'),
    kind: p.text().$type<'token' | 'session'>(),
    name: p.text(),
    /** SHA-256 of the token, which itself is never stored. */
    tokenHash: p.blob().$type<Buffer>().unique(),
    /** What the credential permits: reading, writing, posting events. */
    scopes: p
      .array()
      .columnType('text[]')
      .$type<readonly TokenScope[]>()
      .default([...fullScopes]),
    created: p.datetime().defaultRaw('now()'),
    expiresAt: p.datetime().nullable(),
    lastUsedAt: p.datetime().nullable(),
    /** The ID token that the session began with, sealed; logging out presents it to the OpenID provider. */
    logoutHint: p.text().nullable(),
  },
  checks: [
    checkWords('credential', 'kind', ['token', 'session']),
    { name: 'credential_scopes_check', expression: `scopes <@ '{${tokenScopes.join(',')}}'` },
  ],
});

/** A pair of API key and secret key. */
export const ApiKeyTable = defineEntity({
  name: 'ApiKey',
  tableName: 'api_key',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    userId: () =>
      p.manyToOne(AppUserTable).mapToPk().fieldNames('user_id').index().deleteRule('cascade'),
    /** The public half, which requests name. */
    apiKey: p.text().unique(),
    /** The secret half, sealed. It is not hashed, because checking a signature needs it. */
    sealed: p.blob().$type<Buffer>(),
    created: p.datetime().defaultRaw('now()'),
    lastUsedAt: p.datetime().nullable(),
  },
});

/** Number of login attempts under one key since the window began. */
export const LoginAttemptTable = defineEntity({
  name: 'LoginAttempt',
  tableName: 'login_attempt',
  properties: {
    key: p.text().primary(),
    count: p.integer(),
    /** When the window began. */
    since: p.datetime().defaultRaw('now()').index(),
  },
});

/** A request that its client may repeat, and its answer. */
export const IdempotencyKeyTable = defineEntity({
  name: 'IdempotencyKey',
  tableName: 'idempotency_key',
  uniques: [{ properties: ['userId', 'route', 'key'] }],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    userId: () => p.manyToOne(AppUserTable).mapToPk().fieldNames('user_id').deleteRule('cascade'),
    /** @example 'POST /v1/webhooks/:id/filters' */
    route: p.text(),
    key: p.text(),
    /** SHA-256 of path and body. */
    fingerprint: p.blob().$type<Buffer>(),
    /** Until when the first request is taken to be running. */
    claimedUntil: p.datetime(),
    /** HTTP status of the answer; null while there is none. */
    status: p.integer().nullable(),
    /** The answer, sealed, because it may contain a secret that is shown once. */
    sealed: p.blob().$type<Buffer>().nullable(),
    created: p.datetime().defaultRaw('now()').index(),
  },
});
