/** The tables of the directory: the cloud's tree of domains, its accounts, and how far both are in step with it. */
import { defineEntity, p } from '@mikro-orm/core';

import { checkWords } from '../sql/checks.ts';

/** Who keeps a row of the directory: people, by hand or import (`local`), or the sync with the cloud (`cloud`). */
export const origins = ['local', 'cloud'] as const;
export type Origin = (typeof origins)[number];
export const accountKinds = ['user', 'project'] as const;
export type AccountKind = (typeof accountKinds)[number];
const directoryKinds = ['cloudstack', 'keystone'] as const;

/** A node of the cloud's tenant tree, under its id there. */
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
    /** `/<root id>/<child id>/`. A trigger derives it from the parents, whatever a statement writes. */
    path: p.text().unique(),
    origin: p.text().$type<Origin>().default('local'),
    /** When the domain was first missing in the cloud. */
    removedAt: p.datetime().nullable(),
    updated: p.datetime().defaultRaw('now()'),
  },
  checks: [checkWords('domain', 'origin', origins)],
});

/** An owner of resources and webhooks: an account or a project of the cloud, under its id there. */
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
    /** Another id that the owner's events carry: the UUID of the account behind a CloudStack project. */
    alias: p.text().nullable().unique(),
    /** When the owner was first missing in the cloud. Its webhooks get no events from then on. */
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
    /** Always 1: the table has one row once a directory is configured, none before. */
    id: p.integer().primary().autoincrement(false),
    kind: p.text().$type<(typeof directoryKinds)[number]>(),
    /** When the next sync is due. A process that begins one postpones it, so that no other process does. */
    nextAt: p.datetime().defaultRaw('now()'),
    attemptedAt: p.datetime().nullable(),
    /** When the reading of the current snapshot began; null before the first. */
    syncedAt: p.datetime().nullable(),
    /** Why the last attempt failed; null when it succeeded. */
    error: p.text().nullable(),
    /** Number of attempts that failed in a row. */
    failures: p.integer().default(0),
    /** False when the cloud's lists were incomplete: rows missing in them were not marked as removed. */
    isWhole: p.boolean().nullable(),
    /** Number of the cloud's domains and accounts, without removed ones. */
    domains: p.integer().default(0),
    accounts: p.integer().default(0),
    /** Number of local rows whose ids the cloud knows too; the sync leaves them alone. */
    localRows: p.integer().default(0),
    /** Number of rows missing in the cloud's answer that were not marked as removed, because so many are not plausible. */
    removalsHeld: p.integer().default(0),
    /** Requests to the next sync (`ApplyOptions` of directory/apply-snapshot.ts). */
    acceptRemovals: p.boolean().default(false),
    adoptLocal: p.boolean().default(false),
  },
  checks: [
    { name: 'directory_state_id_check', expression: 'id = 1' },
    checkWords('directory_state', 'kind', directoryKinds),
  ],
});

/** An account that events name and the directory does not know. */
export const UnknownAccountTable = defineEntity({
  name: 'UnknownAccount',
  tableName: 'unknown_account',
  properties: {
    id: p.text().primary(),
    /** The project that its events name. */
    project: p.text().nullable(),
    events: p.bigint('string'),
    firstSeen: p.datetime().defaultRaw('now()'),
    lastSeen: p.datetime().defaultRaw('now()').index(),
  },
});
