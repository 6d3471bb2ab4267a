/** Accounts: list, find, create, update. */
import { sql } from 'kysely';

import { insertAudit, nobody } from '../audit.ts';
import { inTransaction, type Database, type Store } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import { after, type PageQuery } from '../sql/condition.ts';
import { now } from '../sql/instant.ts';
import { accountWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';
import { DIRECTORY_LOCK } from './apply-snapshot.ts';
import { countMade, findRootDomain, type Upserted } from './domain.ts';
import type { CloudAccount, CloudDomain } from './snapshot.ts';
import { isUnknown } from './unknown-account.ts';

const columns = ['id', 'name', 'domainId', 'kind', 'origin', 'alias', 'removedAt'] as const;
export type AccountRow = Readonly<Pick<Row<'account'>, (typeof columns)[number]>>;
/** The values that an account is created with. */
export type AccountValues = Pick<AccountRow, 'id' | 'name' | 'domainId' | 'kind'>;

export async function listAccounts(
  database: Database,
  visibility: Visibility,
  { limit, cursor, name, domainId }: PageQuery & { name?: string; domainId?: string },
): Promise<readonly AccountRow[]> {
  return database
    .selectFrom('account as a')
    .select(columns)
    .where(eb => after(eb.ref('id'), cursor))
    .where(eb => eb.and({ name, domainId }))
    .where(accountWithin('a.id', visibility))
    .orderBy('id')
    .limit(limit)
    .execute();
}

export async function findAccount(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<AccountRow | undefined> {
  return database
    .selectFrom('account as a')
    .select(columns)
    .where('id', '=', id)
    .where(accountWithin('a.id', visibility))
    .executeTakeFirst();
}

/**
 * Holds the account's row until the transaction ends, so that what is counted of an account is still true when more of it
 * is inserted.
 */
export async function lockAccount(database: Database, id: string): Promise<void> {
  await database.selectFrom('account').select('id').where('id', '=', id).forNoKeyUpdate().execute();
}

/**
 * Holds the row of a webhook's account. Whoever locks the webhook as well locks it afterwards: so does a move of the
 * account, which takes its webhooks along.
 */
export async function lockAccountOf(database: Database, webhookId: string): Promise<void> {
  await database
    .selectFrom('account as a')
    .select('a.id')
    .where('a.id', '=', eb =>
      eb.selectFrom('webhook as w').select('w.accountId').where('w.id', '=', webhookId),
    )
    .forNoKeyUpdate()
    .execute();
}

/** Finds an account by its name in a domain, unless it is gone from the cloud. */
export async function findAccountByName(
  database: Database,
  visibility: Visibility,
  { name, domainId }: { name: string; domainId: string },
): Promise<{ readonly id: string } | undefined> {
  return database
    .selectFrom('account as a')
    .select('id')
    .where(eb => eb.and({ name, domainId, kind: 'user' }))
    .where('removedAt', 'is', null)
    .where(accountWithin('a.id', visibility))
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

export async function upsertAccounts(
  database: Database,
  accounts: readonly AccountValues[],
): Promise<Upserted> {
  const { rows } = await sql<{ made: boolean }>`
    insert into account as a (id, name, domain_id, kind)
    select * from unnest(
      ${accounts.map(({ id }) => id)}::text[], ${accounts.map(({ name }) => name)}::text[],
      ${accounts.map(({ domainId }) => domainId)}::text[], ${accounts.map(({ kind }) => kind)}::text[])
    on conflict (id) do update set name = excluded.name, domain_id = excluded.domain_id, kind = excluded.kind
      where (a.name, a.domain_id, a.kind) is distinct from (excluded.name, excluded.domain_id, excluded.kind)
    returning (a.xmax = 0) as made`.execute(database);
  return countMade(rows);
}

/**
 * Creates or updates an account that was looked up in the cloud between two syncs, and creates the domains above it that
 * are missing. A local account is left alone.
 *
 * @param domains topmost first; one without a parent becomes a child of Hookline's root.
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
 * Writes down which account is behind a project, for events that name the account alone.
 *
 * @returns false when nothing changed: there is no such project, or the alias is known already.
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
