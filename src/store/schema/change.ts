import { defineEntity, p } from '@mikro-orm/core';

import { checkWords } from '../sql/checks.ts';

/**
 * Kinds of what processes hold in memory, `health` of a webhook; `disabled` where the database has disabled one, which a process
 * has to tell; `all` where a whole table was emptied.
 */
export const changeKinds = [
  'webhook',
  'health',
  'disabled',
  'domain',
  'account',
  'setting',
  'all',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** The log of changes to what processes hold in memory. Triggers write it; `store/change-log.ts` reads it. */
export const ChangeTable = defineEntity({
  name: 'Change',
  tableName: 'change',
  properties: {
    id: p.bigint('string').primary().autoincrement(),
    /** The transaction that made the change: PostgreSQL's 64-bit number of it. */
    transactionId: p.text().columnType('xid8').defaultRaw('pg_current_xact_id()').index(),
    kind: p.text().$type<ChangeKind>(),
    /** The webhook's, domain's or account's id; the setting's scope; the name of the table that was emptied. */
    key: p.text(),
    at: p.datetime().defaultRaw('now()'),
  },
  checks: [checkWords('change', 'kind', changeKinds)],
});
