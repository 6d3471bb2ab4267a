/** The tables of access: users, what they prove themselves with, attempts to log in, and repeated requests. */
import { defineEntity, p } from '@mikro-orm/core';

import { checkWords } from '../sql/checks.ts';
import { AccountTable } from './directory.ts';

export const roles = ['Admin', 'DomainAdmin', 'User'] as const;
export type Role = (typeof roles)[number];

export const tokenScopes = ['read', 'write', 'ingest'] as const;
export type TokenScope = (typeof tokenScopes)[number];
/** They open all there is: `write` includes `ingest`. */
export const fullScopes = ['read', 'write'] as const satisfies readonly TokenScope[];

/** Someone who may log in to Hookline. */
export const AppUserTable = defineEntity({
  name: 'AppUser',
  tableName: 'app_user',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    username: p.text().unique(),
    /** Null for a user who cannot log in with a password. */
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
    /** Who vouches for them, and as whom: an OpenID provider's issuer and its subject. Null for a user made here. */
    issuer: p.text().nullable(),
    subject: p.text().nullable(),
    /** Until when, unless they log in there again. What they prove themselves with opens nothing afterwards. */
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

/** What a request proves its user with: a bearer token or a console session. */
export const CredentialTable = defineEntity({
  name: 'Credential',
  tableName: 'credential',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    userId: () =>
      p.manyToOne(AppUserTable).mapToPk().fieldNames('user_id').index().deleteRule('cascade'),
    kind: p.text().$type<'token' | 'session'>(),
    name: p.text(),
    /** SHA-256 of the token; the token itself is never stored. */
    tokenHash: p.blob().$type<Buffer>().unique(),
    /** What it opens: asking, changing, posting events. */
    scopes: p
      .array()
      .columnType('text[]')
      .$type<readonly TokenScope[]>()
      .default([...fullScopes]),
    created: p.datetime().defaultRaw('now()'),
    expiresAt: p.datetime().nullable(),
    lastUsedAt: p.datetime().nullable(),
    /** The ID token the session began with, sealed: it ends the session at the OpenID provider too. */
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
    /** The public half, by which the pair is found. */
    apiKey: p.text().unique(),
    /** The secret half, sealed: checking a signature needs it as it is, so a hash would not do. */
    sealed: p.blob().$type<Buffer>(),
    created: p.datetime().defaultRaw('now()'),
    lastUsedAt: p.datetime().nullable(),
  },
});

/** How often it was tried under one key since the window began. */
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

/** One request that may come again. */
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
    /** Until then the first request is taken to be running. */
    claimedUntil: p.datetime(),
    /** Of the answer; null while there is none. */
    status: p.integer().nullable(),
    /** The answer, sealed: it may show a secret that is shown once. */
    sealed: p.blob().$type<Buffer>().nullable(),
    created: p.datetime().defaultRaw('now()').index(),
  },
});
