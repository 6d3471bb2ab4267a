/**
 * Makes the directory's tables equal to a cloud's snapshot, in one transaction. Only rows that differ are written, because
 * a trigger notifies every process of every write.
 *
 * Rows that the cloud no longer has are marked as removed, not deleted: deleting an account deletes its webhooks and their
 * secrets, and the cloud's answer may be wrong. Too many removals at once are not believed (decision 21).
 */
import { randomUUID } from 'node:crypto';

import { sql } from 'kysely';

import { insertAudit, nobody } from '../audit.ts';
import type { CloudAccount, DirectorySnapshot } from './snapshot.ts';
import { texts } from '../sql/columns.ts';
import { inTransaction, type Database, type Store } from '../database.ts';
import { adoptRootDomain, findRootDomain } from './domain.ts';
import { isOvertaken, recordSync } from './sync-state.ts';

export interface ApplyOptions {
  /** When the reading of the snapshot began, by the database's clock (RFC 3339). Rows updated since are newer, not missing. */
  readonly readAt: string;
  /** Mark missing rows as removed, however many they are. */
  readonly acceptRemovals: boolean;
  /** Take over local rows whose ids the cloud knows. */
  readonly adoptLocal: boolean;
  /** Milliseconds until the next sync is due. */
  readonly refreshMs: number;
}

export interface Applied {
  readonly created: number;
  readonly updated: number;
  /** Number of rows marked as removed. */
  readonly removed: number;
  /** Number of missing rows that were not marked, because they are too many. */
  readonly held: number;
  /** Numbers of the cloud's rows now, without removed ones. */
  readonly domains: number;
  readonly accounts: number;
  /** Number of local rows whose ids the cloud knows. */
  readonly localRows: number;
}

/**
 * The cloud's root is not the root that the directory has: it is another cloud, or the key sees another part of it.
 * Nothing was written; the operator has to correct the configuration.
 */
export class ForeignRootError extends Error {
  override readonly name = 'ForeignRootError';
  readonly code = 'foreign_root';
}

/** Any constant will do, as long as every Hookline uses the same one. */
export const DIRECTORY_LOCK = 7_219_004_320;

const pageSize = 5_000;
/** Removals that are always believed; above them, the share of all rows that is believed. */
const removalsMin = 5;
const removalsShare = 0.2;
/** Days after which a removed row is deleted, if nothing depends on it. */
const keptGoneDays = 30;

/**
 * Applies a snapshot and records the sync.
 *
 * @returns what changed; undefined when a later snapshot was applied already, and nothing was written.
 * @throws {ForeignRootError}
 */
export async function applySnapshot(
  store: Store,
  snapshot: DirectorySnapshot,
  options: ApplyOptions,
): Promise<Applied | undefined> {
  return inTransaction(store, async database => {
    await sql`select pg_advisory_xact_lock(${DIRECTORY_LOCK})`.execute(database);
    if (await isOvertaken(database, options.readAt)) return undefined;
    await fillWanted(database, await underRoot(database, snapshot));
    const written = await writeWanted(database, snapshot.layers.length, options.adoptLocal);
    const gone = await markMissing(database, snapshot, options);
    await dropForgotten(database);
    await noteSync(database, { ...written, ...gone });
    const applied = { ...written, ...gone, ...(await countRows(database)) };
    await recordSync(database, { ...applied, ...options, isWhole: snapshot.isWhole });
    return applied;
  });
}

/** Counts the cloud's accounts, known since before `readAt`, that are not among these. */
export async function countMissing(
  database: Database,
  accounts: readonly CloudAccount[],
  readAt: string,
): Promise<number> {
  const { rows } = await sql<{ missing: number }>`
    with wanted as (select unnest(${texts(accounts.map(({ id }) => id))}) as id)
    select count(*)::int as missing from account t
    where t.origin = 'cloud' and t.removed_at is null and t.updated < ${readAt}::timestamptz
      and not exists (select from wanted w where w.id = t.id)`.execute(database);
  return rows[0]?.missing ?? 0;
}

/** Makes the cloud's root Hookline's root, or the cloud's topmost domains its children. */
async function underRoot(
  database: Database,
  snapshot: DirectorySnapshot,
): Promise<DirectorySnapshot> {
  const [tops = [], ...below] = snapshot.layers;
  const root = await findRootDomain(database);
  if (snapshot.root === 'none') {
    const rootId = root?.id ?? randomUUID();
    if (!root) await adoptRootDomain(database, { id: rootId, name: 'ROOT' });
    return { ...snapshot, layers: [tops.map(top => ({ ...top, parentId: rootId })), ...below] };
  }
  const [top] = tops;
  if (!top) throw new RangeError('a snapshot with a root of its own has a top');
  if (root?.origin === 'cloud' && root.id !== top.id) {
    throw new ForeignRootError(
      `the cloud's root domain is ${top.id} (${top.name}), but the directory was filled from one whose root is ${root.id} (${root.name}); is directory.url another cloud's, or the key that of a domain's admin?`,
    );
  }
  if (!root || root.id !== top.id) await adoptRootDomain(database, top);
  await sql`update domain set origin = 'cloud', updated = now()
    where id = ${top.id} and origin = 'local'`.execute(database);
  return snapshot;
}

/** Copies the snapshot into temporary tables, so that each step is one statement. */
async function fillWanted(
  database: Database,
  { layers, accounts }: DirectorySnapshot,
): Promise<void> {
  await sql`create temporary table wanted_domain (
    id text not null, name text not null, parent_id text, layer int not null) on commit drop`.execute(
    database,
  );
  await sql`create temporary table wanted_account (
    id text not null, name text not null, domain_id text not null, kind text not null) on commit drop`.execute(
    database,
  );
  for (const [layer, domains] of layers.entries()) {
    for (const page of pagesOf(domains)) {
      await sql`insert into wanted_domain
        select r.*, ${layer}::int from unnest(${texts(page.map(({ id }) => id))},
          ${texts(page.map(({ name }) => storable(name)))},
          ${texts(page.map(({ parentId }) => parentId))}) as r`.execute(database);
    }
  }
  for (const page of pagesOf(accounts)) {
    await sql`insert into wanted_account
      select * from unnest(${texts(page.map(({ id }) => id))}, ${texts(page.map(({ name }) => storable(name)))},
        ${texts(page.map(({ domainId }) => domainId))}, ${texts(page.map(({ kind }) => kind))})`.execute(
      database,
    );
  }
  await sql`create unique index on wanted_account (id)`.execute(database);
  await sql`analyze wanted_domain, wanted_account`.execute(database);
}

/** Writes domains layer by layer, because a domain's path begins with its parent's and triggers run when a statement ends. */
async function writeWanted(
  database: Database,
  layers: number,
  adoptLocal: boolean,
): Promise<Pick<Applied, 'created' | 'updated'>> {
  const isOurs = (table: string) =>
    adoptLocal ? sql`true` : sql`${sql.ref(`${table}.origin`)} = 'cloud'`;
  let created = 0;
  let updated = 0;
  for (let layer = 0; layer < layers; layer += 1) {
    created += await changed(
      database,
      sql`
      insert into domain (id, name, parent_id, path, origin)
      select w.id, w.name, w.parent_id, '', 'cloud' from wanted_domain w
      where w.layer = ${layer} and not exists (select from domain d where d.id = w.id)`,
    );
    updated += await changed(
      database,
      sql`
      update domain d set name = w.name, parent_id = w.parent_id, origin = 'cloud', removed_at = null, updated = now()
      from wanted_domain w
      where w.layer = ${layer} and d.id = w.id and ${isOurs('d')}
        and (d.name, d.parent_id, d.origin, d.removed_at)
          is distinct from (w.name, w.parent_id, 'cloud', null::timestamptz)`,
    );
  }
  created += await changed(
    database,
    sql`
    insert into account (id, name, domain_id, kind, origin)
    select w.id, w.name, w.domain_id, w.kind, 'cloud' from wanted_account w
    where not exists (select from account a where a.id = w.id)
      and exists (select from domain d where d.id = w.domain_id)`,
  );
  await sql`insert into audit (action, object_id, account_id, domain_id)
    select 'account.back', a.id, a.id, w.domain_id from wanted_account w join account a on a.id = w.id
    where a.removed_at is not null and ${isOurs('a')}
      and exists (select from domain d where d.id = w.domain_id)`.execute(database);
  updated += await changed(
    database,
    sql`
    update account a
    set name = w.name, domain_id = w.domain_id, kind = w.kind, origin = 'cloud', removed_at = null, updated = now()
    from wanted_account w
    where a.id = w.id and ${isOurs('a')} and exists (select from domain d where d.id = w.domain_id)
      and (a.name, a.domain_id, a.kind, a.origin, a.removed_at)
        is distinct from (w.name, w.domain_id, w.kind, 'cloud', null::timestamptz)`,
  );
  return { created, updated };
}

async function markMissing(
  database: Database,
  { isWhole, accounts }: DirectorySnapshot,
  { readAt, acceptRemovals }: ApplyOptions,
): Promise<Pick<Applied, 'removed' | 'held'>> {
  if (!isWhole) return { removed: 0, held: 0 };
  const isMissing = (table: 'domain' | 'account') => sql`
    t.origin = 'cloud' and t.removed_at is null and t.updated < ${readAt}::timestamptz
    and not exists (select from ${sql.table(`wanted_${table}`)} w where w.id = t.id)`;
  const count = async (table: 'domain' | 'account') => {
    const { rows } = await sql<{ missing: number; all: number }>`
      select count(*) filter (where ${isMissing(table)})::int as missing,
        count(*) filter (where t.origin = 'cloud' and t.removed_at is null)::int as all
      from ${sql.table(table)} t`.execute(database);
    return rows[0] ?? { missing: 0, all: 0 };
  };
  const counts = [await count('domain'), await count('account')];
  const missing = counts.reduce((sum, { missing: some }) => sum + some, 0);
  const tooMany = counts.some(
    ({ missing: some, all }) => some > Math.max(removalsMin, all * removalsShare),
  );
  // Every cloud has at least one account: its admin's.
  if (!acceptRemovals && missing > 0 && (tooMany || accounts.length === 0)) {
    return { removed: 0, held: missing };
  }
  await sql`with gone as (
      update account t set removed_at = now(), updated = now() where ${isMissing('account')}
      returning t.id, t.domain_id)
    insert into audit (action, object_id, account_id, domain_id)
    select 'account.gone', id, id, domain_id from gone`.execute(database);
  await sql`update domain t set removed_at = now(), updated = now()
    where ${isMissing('domain')}`.execute(database);
  return { removed: missing, held: 0 };
}

/** Writes one row of audit with the numbers. Each account whose webhooks stop or go on has a row of its own besides. */
async function noteSync(
  database: Database,
  { created, updated, removed }: Pick<Applied, 'created' | 'updated' | 'removed'>,
): Promise<void> {
  if (created + updated + removed === 0) return;
  const after = { created, updated, removed };
  await insertAudit(database, nobody, { action: 'directory.synced', objectId: 'directory', after });
}

/** Deletes rows that were removed long ago and that no webhook, user, child or setting depends on. */
async function dropForgotten(database: Database): Promise<void> {
  const isForgotten = sql`t.origin = 'cloud' and t.removed_at < now() - ${keptGoneDays} * interval '1 day'`;
  await sql`delete from account t where ${isForgotten}
    and not exists (select from webhook w where w.account_id = t.id)
    and not exists (select from app_user u where u.account_id = t.id)`.execute(database);
  await sql`delete from domain t where ${isForgotten}
    and not exists (select from webhook w where w.domain_id = t.id)
    and not exists (select from account a where a.domain_id = t.id)
    and not exists (select from domain d where d.parent_id = t.id)
    and not exists (select from setting s where s.scope = 'domain' and s.scope_id = t.id)`.execute(
    database,
  );
  await sql`delete from unknown_account u
    where exists (select from account a where a.id = u.id or a.alias = u.id)`.execute(database);
}

async function countRows(
  database: Database,
): Promise<Pick<Applied, 'domains' | 'accounts' | 'localRows'>> {
  const { rows } = await sql<Pick<Applied, 'domains' | 'accounts' | 'localRows'>>`select
    (select count(*)::int from domain where origin = 'cloud' and removed_at is null) as domains,
    (select count(*)::int from account where origin = 'cloud' and removed_at is null) as accounts,
    (select count(*)::int from account a join wanted_account w on w.id = a.id where a.origin = 'local')
      + (select count(*)::int from domain d join wanted_domain w on w.id = d.id where d.origin = 'local')
      as "localRows"`.execute(database);
  return rows[0] ?? { domains: 0, accounts: 0, localRows: 0 };
}

async function changed(database: Database, statement: ReturnType<typeof sql>): Promise<number> {
  const { numAffectedRows } = await statement.execute(database);
  return Number(numAffectedRows ?? 0);
}

function* pagesOf<T>(items: readonly T[]): Iterable<readonly T[]> {
  for (let start = 0; start < items.length; start += pageSize) {
    yield items.slice(start, start + pageSize);
  }
}

/** Drops NUL, which PostgreSQL's text cannot hold: one tenant's name must not keep the others from being written. */
const storable = (name: string): string => name.replaceAll('\u{0}', '');
