/** Single accounts, as they are found out between two syncs. */
import { sql } from 'kysely';

import { DIRECTORY_LOCK } from './apply-snapshot.ts';
import { insertAudit, nobody } from '../audit.ts';
import type { CloudAccount, CloudDomain } from './directory-snapshot.ts';
import { inTransaction, type Database, type Store } from '../database.ts';
import { findRootDomain } from './query-directory.ts';

export async function isKnownDomain(database: Database, id: string): Promise<boolean> {
  const { rows } = await sql`select from domain where id = ${id}`.execute(database);
  return rows.length > 0;
}

/**
 * Adds an account that the cloud knows, with the domains above it that are missing here. One made by hand or import
 * is left alone.
 *
 * @param domains topmost first; one without a parent hangs under Hookline's root.
 */
export async function addCloudAccount(
  store: Store,
  { account, domains }: { account: CloudAccount; domains: readonly CloudDomain[] },
): Promise<void> {
  await inTransaction(store, async database => {
    await sql`select pg_advisory_xact_lock(${DIRECTORY_LOCK})`.execute(database);
    const root = await findRootDomain(database);
    for (const { id, name, parentId } of domains) {
      await sql`insert into domain (id, name, parent_id, path, origin)
        values (${id}, ${name}, ${parentId ?? root?.id ?? null}, '', 'cloud')
        on conflict (id) do nothing`.execute(database);
    }
    await sql`insert into account as a (id, name, domain_id, kind, origin)
      values (${account.id}, ${account.name}, ${account.domainId}, ${account.kind}, 'cloud')
      on conflict (id) do update set name = excluded.name, domain_id = excluded.domain_id, kind = excluded.kind,
        removed_at = null, updated = now()
      where a.origin = 'cloud'`.execute(database);
    await sql`delete from unknown_account where id = ${account.id}`.execute(database);
    await insertAudit(database, nobody, {
      action: 'account.found',
      objectId: account.id,
      accountId: account.id,
      domainId: account.domainId,
      after: account,
    });
  });
}

/**
 * Remembers which account stands behind a project, for events that name the account alone.
 *
 * @returns false when nothing was learned: there is no such project, or it is known already.
 */
export async function setAlias(
  database: Database,
  { projectId, accountId }: { projectId: string; accountId: string },
): Promise<boolean> {
  const { numAffectedRows } = await sql`update account a set alias = ${accountId}, updated = now()
    where a.id = ${projectId} and a.kind = 'project' and a.alias is distinct from ${accountId}
      and not exists (select from account o where o.id = ${accountId} or o.alias = ${accountId})`.execute(
    database,
  );
  return Number(numAffectedRows ?? 0) > 0;
}
