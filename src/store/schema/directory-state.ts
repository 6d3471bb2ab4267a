import { defineEntity, p } from '@mikro-orm/core';

const DirectoryStateSchema = defineEntity({
  name: 'DirectoryState',
  tableName: 'directory_state',
  properties: {
    /** There is one row, once a directory is configured. */
    id: p.integer().primary().autoincrement(false),
    kind: p.text().$type<'cloudstack' | 'keystone'>(),
    /** When the next sync is due; who begins one moves it on, so that nobody else does. */
    nextAt: p.datetime().defaultRaw('now()'),
    attemptedAt: p.datetime().nullable(),
    /** When the reading of the snapshot that serves began. */
    syncedAt: p.datetime().nullable(),
    /** Of the last attempt; null when it succeeded. */
    error: p.text().nullable(),
    failures: p.integer().default(0),
    isWhole: p.boolean().nullable(),
    domains: p.integer().default(0),
    accounts: p.integer().default(0),
    /** Rows made by hand or import whose ids the cloud knows too; they are left alone. */
    localRows: p.integer().default(0),
    /** Rows that are missing in the cloud's answer, too many to be believed. */
    removalsHeld: p.integer().default(0),
    /** Asked for, for the next sync. */
    acceptRemovals: p.boolean().default(false),
    adoptLocal: p.boolean().default(false),
  },
  checks: [
    { name: 'directory_state_id_check', expression: 'id = 1' },
    { name: 'directory_state_kind_check', expression: `kind in ('cloudstack', 'keystone')` },
  ],
});

/** How far the directory is in step with the cloud. */
export class DirectoryState extends DirectoryStateSchema.class {}
DirectoryStateSchema.setClass(DirectoryState);
