/** Loads domains and accounts for matching; accounts in pages, so that many of them never block the event loop. */
import { databaseOf, type Store } from '../database.ts';
import type { Role } from '../schema/access-words.ts';
import { anyOf } from '../sql/condition.ts';

const pageSize = 500;

export interface DomainNode {
  readonly id: string;
  readonly parentId?: string;
}

/** Loads all domains, or those with these ids. */
export async function loadDomains(
  store: Store,
  ids?: readonly string[],
): Promise<readonly DomainNode[]> {
  const rows = await databaseOf(store)
    .selectFrom('domain')
    .select(['id', 'parentId'])
    .$if(ids !== undefined, query => query.where('id', '=', anyOf(ids ?? [])))
    .execute();
  return rows.map(({ id, parentId }) => ({ id, ...(parentId !== null && { parentId }) }));
}

export interface AccountNode {
  readonly id: string;
  readonly domainId: string;
  /** True when the account has users, and none of them is an Admin. */
  readonly isTenant?: true;
  /** Another id by which events name the account. */
  readonly alias?: string;
}

/** Loads every account, by id; removed ones too, because events of theirs may still be on their way. */
export async function* loadAccounts(store: Store): AsyncGenerator<readonly AccountNode[]> {
  let cursor = '';
  for (;;) {
    const rows = await selectAccounts(store)
      .where('a.id', '>', cursor)
      .orderBy('a.id')
      .limit(pageSize)
      .execute();
    if (rows.length > 0) yield rows.map(toAccount);
    cursor = rows.at(-1)?.id ?? cursor;
    if (rows.length < pageSize) return;
  }
}

/** Loads the accounts with these ids; one that does not exist is left out. */
export async function loadAccountsById(
  store: Store,
  ids: readonly string[],
): Promise<readonly AccountNode[]> {
  const rows = await selectAccounts(store).where('a.id', '=', anyOf(ids)).execute();
  return rows.map(toAccount);
}

/** Selects accounts with the roles of their users, in no order and repeated. */
function selectAccounts(store: Store) {
  return databaseOf(store)
    .selectFrom('account as a')
    .select(eb => [
      'a.id',
      'a.domainId',
      'a.alias',
      eb
        .fn<Role[]>('array', [
          eb.selectFrom('app_user as u').select('u.role').whereRef('u.accountId', '=', 'a.id'),
        ])
        .as('roles'),
    ]);
}

type AccountRow = Awaited<ReturnType<ReturnType<typeof selectAccounts>['execute']>>[number];

const toAccount = ({ id, domainId, alias, roles }: AccountRow): AccountNode => ({
  id,
  domainId,
  ...(roles.length > 0 && !roles.includes('Admin') && { isTenant: true as const }),
  ...(alias !== null && { alias }),
});
