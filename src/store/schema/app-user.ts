import { defineEntity, p } from '@mikro-orm/core';

import { Account } from './account.ts';

export const roles = ['Admin', 'DomainAdmin', 'User'] as const;
export type Role = (typeof roles)[number];

const AppUserSchema = defineEntity({
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
        .manyToOne(Account)
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
    { name: 'app_user_role_check', expression: `role in ('Admin', 'DomainAdmin', 'User')` },
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

/** Someone who may log in to Hookline. */
export class AppUser extends AppUserSchema.class {}
AppUserSchema.setClass(AppUser);
