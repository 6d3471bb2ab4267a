/** The tables of the directory: the cloud's tree of domains, its accounts, and how far both are in step with it. */
import { defineEntity, p } from '@mikro-orm/core';

import { checkWords } from '../sql/checks.ts';

/** Who keeps a row of the directory: `local` people, by hand or import, or the sync with the `cloud`. */
export const origins = ['local', 'cloud'] as const;
export type Origin = (typeof origins)[number];
export const accountKinds = ['user', 'project'] as const;
export type AccountKind = (typeof accountKinds)[number];
const directoryKinds = ['cloudstack', 'keystone'] as const;

/** A node of the cloud's tenant tree. Its id is the cloud's. */
export const DomainTable = defineEntity({
  name: 'Domain',
  tableName: 'domain',
  indexes: [{ properties: ['name', 'id'] }],
  properties: {
    id: p.text().primary().defaultRaw('(gen_random_uuid())::text'),
    name: p.text(),
    parentId: () =>
      p
        .manyToOne(DomainTable)
        .mapToPk()
        .fieldNames('parent_id')
        .nullable()
        .index()
        .deleteRule('cascade'),
    /** `/<root id>/<child id>/`: derived from the parents by a trigger, whatever is written here. */
    path: p.text().unique(),
    origin: p.text().$type<Origin>().default('local'),
    /** When the cloud was first seen without it. */
    removedAt: p.datetime().nullable(),
    updated: p.datetime().defaultRaw('now()'),
  },
  checks: [checkWords('domain', 'origin', origins)],
});

/** Who owns resources and webhooks: a cloud's account or project. Its id is the cloud's. */
export const AccountTable = defineEntity({
  name: 'Account',
  tableName: 'account',
  indexes: [{ properties: ['name', 'id'] }],
  properties: {
    id: p.text().primary().defaultRaw('(gen_random_uuid())::text'),
    name: p.text(),
    domainId: () =>
      p.manyToOne(DomainTable).mapToPk().fieldNames('domain_id').index().deleteRule('cascade'),
    kind: p.text().$type<AccountKind>().default('user'),
    origin: p.text().$type<Origin>().default('local'),
    /** Another id its events carry: the uuid of the account behind a CloudStack project. */
    alias: p.text().nullable().unique(),
    /** When the cloud was first seen without it. Its webhooks are told of nothing from then on. */
    removedAt: p.datetime().nullable(),
    updated: p.datetime().defaultRaw('now()'),
  },
  checks: [checkWords('account', 'kind', accountKinds), checkWords('account', 'origin', origins)],
});

/** How far the directory is in step with the cloud. */
export const DirectoryStateTable = defineEntity({
  name: 'DirectoryState',
  tableName: 'directory_state',
  properties: {
    /** There is one row, once a directory is configured. */
    id: p.integer().primary().autoincrement(false),
    kind: p.text().$type<(typeof directoryKinds)[number]>(),
    /** When the next sync is due; who begins one moves it on, so that nobody else does. */
    nextAt: p.datetime().defaultRaw('now()'),
    attemptedAt: p.datetime().nullable(),
    /** When the reading of the snapshot that serves began; null before the first. */
    syncedAt: p.datetime().nullable(),
    /** Why the last attempt failed; null when it did not. */
    error: p.text().nullable(),
    /** Attempts that failed one after the other. */
    failures: p.integer().default(0),
    /** False: the cloud's lists were not whole, so nothing that was missing was marked as gone. */
    isWhole: p.boolean().nullable(),
    /** The cloud's, gone ones left out. */
    domains: p.integer().default(0),
    accounts: p.integer().default(0),
    /** Rows made by hand or import whose ids the cloud knows too; they are left alone. */
    localRows: p.integer().default(0),
    /** Rows missing in the cloud's answer that were not marked as gone, because they are too many to be believed. */
    removalsHeld: p.integer().default(0),
    /** Requested of the next sync. */
    acceptRemovals: p.boolean().default(false),
    adoptLocal: p.boolean().default(false),
  },
  checks: [
    { name: 'directory_state_id_check', expression: 'id = 1' },
    checkWords('directory_state', 'kind', directoryKinds),
  ],
});

/** An account that events belong to and the directory does not know. */
export const UnknownAccountTable = defineEntity({
  name: 'UnknownAccount',
  tableName: 'unknown_account',
  properties: {
    id: p.text().primary(),
    /** The project its events name. */
    project: p.text().nullable(),
    events: p.bigint('string'),
    firstSeen: p.datetime().defaultRaw('now()'),
    lastSeen: p.datetime().defaultRaw('now()').index(),
  },
});
