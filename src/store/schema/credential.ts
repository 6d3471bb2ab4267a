import { defineEntity, p } from '@mikro-orm/core';

import { AppUser } from './app-user.ts';

export const tokenScopes = ['read', 'write', 'ingest'] as const;
export type TokenScope = (typeof tokenScopes)[number];
/** They open all there is: `write` includes `ingest`. */
export const fullScopes = ['read', 'write'] as const satisfies readonly TokenScope[];

const CredentialSchema = defineEntity({
  name: 'Credential',
  tableName: 'credential',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    userId: () =>
      p.manyToOne(AppUser).mapToPk().fieldNames('user_id').index().deleteRule('cascade'),
    kind: p.text().$type<'token' | 'session'>(),
    name: p.text(),
    /** SHA-256 of the token; the token itself is never stored. */
    tokenHash: p.blob().unique(),
    /** What it opens: asking, changing, posting events. */
    scopes: p
      .array()
      .columnType('text[]')
      .$type<TokenScope[]>()
      .default([...fullScopes]),
    created: p.datetime().defaultRaw('now()'),
    expiresAt: p.datetime().nullable(),
    lastUsedAt: p.datetime().nullable(),
    /** The ID token the session began with, sealed: it ends the session at the OpenID provider too. */
    logoutHint: p.text().nullable(),
  },
  checks: [
    { name: 'credential_kind_check', expression: `kind in ('token', 'session')` },
    { name: 'credential_scopes_check', expression: `scopes <@ '{read,write,ingest}'` },
  ],
});

/** What a request proves its user with: a bearer token or a console session. */
export class Credential extends CredentialSchema.class {}
CredentialSchema.setClass(Credential);
