/** Single accounts, as they are found out between two syncs. */
import { sql } from 'kysely';

import { insertAudit, nobody } from '../audit.ts';
import { inTransaction, type Database, type Store } from '../database.ts';
import { now } from '../sql/instant.ts';
import { DIRECTORY_LOCK } from './apply-snapshot.ts';
import type { CloudAccount, CloudDomain } from './directory-snapshot.ts';
import { findRootDomain } from './query-directory.ts';
import { isUnknown } from './query-unknown.ts';

export async function isKnownDomain(database: Database, id: string): Promise<boolean> {
  const domain = await database
    .selectFrom('domain')
    .select('id')
    .where('id', '=', id)
    .executeTakeFirst();
  return domain !== undefined;
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
  const { id, name, domainId, kind } = account;
  await inTransaction(store, async database => {
    await sql`select pg_advisory_xact_lock(${DIRECTORY_LOCK})`.execute(database);
    const root = await findRootDomain(database);
    for (const domain of domains) {
      await database
        .insertInto('domain')
        .values({
          id: domain.id,
          name: domain.name,
          parentId: domain.parentId ?? root?.id,
          path: '',
          origin: 'cloud',
        })
        .onConflict(conflict => conflict.column('id').doNothing())
        .execute();
    }
    await database
      .insertInto('account')
      .values({ id, name, domainId, kind, origin: 'cloud' })
      .onConflict(conflict =>
        conflict
          .column('id')
          .doUpdateSet({ name, domainId, kind, removedAt: null, updated: now })
          .where('account.origin', '=', 'cloud'),
      )
      .execute();
    await database.deleteFrom('unknown_account').where('id', '=', id).execute();
    await insertAudit(database, nobody, {
      action: 'account.found',
      objectId: id,
      accountId: id,
      domainId,
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
  const { numUpdatedRows } = await database
    .updateTable('account')
    .set({ alias: accountId, updated: now })
    .where(eb => eb.and({ id: projectId, kind: 'project' }))
    .where('alias', 'is distinct from', accountId)
    .where(isUnknown(sql`${accountId}`))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
