import { defineEntity, p } from '@mikro-orm/core';

import { Domain } from './domain.ts';

const AccountSchema = defineEntity({
  name: 'Account',
  tableName: 'account',
  properties: {
    id: p.text().primary().defaultRaw('(gen_random_uuid())::text'),
    name: p.text(),
    domainId: () =>
      p.manyToOne(Domain).mapToPk().fieldNames('domain_id').index().deleteRule('cascade'),
    kind: p.text().$type<'user' | 'project'>().default('user'),
  },
  checks: [{ name: 'account_kind_check', expression: `kind in ('user', 'project')` }],
});

/** Who owns resources and webhooks: a cloud's account or project. Its id is the cloud's. */
export class Account extends AccountSchema.class {}
AccountSchema.setClass(Account);
