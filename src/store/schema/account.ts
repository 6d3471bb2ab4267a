import { defineEntity, p } from '@mikro-orm/core';

import { Domain } from './domain.ts';
import type { Origin } from '../directory/origin.ts';

const AccountSchema = defineEntity({
  name: 'Account',
  tableName: 'account',
  indexes: [{ properties: ['name', 'id'] }],
  properties: {
    id: p.text().primary().defaultRaw('(gen_random_uuid())::text'),
    name: p.text(),
    domainId: () =>
      p.manyToOne(Domain).mapToPk().fieldNames('domain_id').index().deleteRule('cascade'),
    kind: p.text().$type<'user' | 'project'>().default('user'),
    origin: p.text().$type<Origin>().default('local'),
    /** Another id its events carry: the uuid of the account behind a CloudStack project. */
    alias: p.text().nullable().unique(),
    /** When the cloud was first seen without it. Its webhooks are told of nothing from then on. */
    removedAt: p.datetime().nullable(),
    updated: p.datetime().defaultRaw('now()'),
  },
  checks: [
    { name: 'account_kind_check', expression: `kind in ('user', 'project')` },
    { name: 'account_origin_check', expression: `origin in ('local', 'cloud')` },
  ],
});

/** Who owns resources and webhooks: a cloud's account or project. Its id is the cloud's. */
export class Account extends AccountSchema.class {}
AccountSchema.setClass(Account);
