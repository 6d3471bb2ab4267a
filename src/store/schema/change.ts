import { defineEntity, p } from '@mikro-orm/core';

/** Kinds of what processes hold in memory, `health` of a webhook; `all` where a whole table was emptied. */
export type ChangeKind = 'webhook' | 'health' | 'domain' | 'account' | 'setting' | 'all';

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
  checks: [
    {
      name: 'change_kind_check',
      expression: `kind in ('webhook', 'health', 'domain', 'account', 'setting', 'all')`,
    },
  ],
});
