/** Users whom an OpenID provider vouches for: who they are there, and until when its word is good. */
import type { Database } from '../database.ts';
import type { Role } from '../schema/access.ts';
import { fromNow, now } from '../sql/instant.ts';
import { userColumns, type UserRow } from './user.ts';

export interface Identity {
  readonly issuer: string;
  readonly subject: string;
}

/** What a user is given anew at each login. */
export interface Standing {
  readonly role: Role;
  readonly accountId?: string;
  /** From now on. */
  readonly trustMs: number;
}

/** Two logins of the same person at once go one after the other, until the transaction ends. */
export async function findIdentity(
  database: Database,
  identity: Identity,
): Promise<UserRow | undefined> {
  return database
    .selectFrom('app_user')
    .select(userColumns)
    .where(eb => eb.and({ issuer: identity.issuer, subject: identity.subject }))
    .forUpdate()
    .executeTakeFirst();
}

/** @returns undefined when the name or the identity is taken. */
export async function insertIdentity(
  database: Database,
  {
    username,
    issuer,
    subject,
    role,
    accountId,
    trustMs,
  }: Identity & Standing & { username: string },
): Promise<UserRow | undefined> {
  return database
    .insertInto('app_user')
    .values({ username, issuer, subject, role, accountId, trustedUntil: fromNow(trustMs) })
    .onConflict(conflict => conflict.doNothing())
    .returning(userColumns)
    .executeTakeFirst();
}

export async function renewStanding(
  database: Database,
  userId: string,
  { role, accountId, trustMs }: Standing,
): Promise<void> {
  await database
    .updateTable('app_user')
    .set({ role, accountId: accountId ?? null, trustedUntil: fromNow(trustMs) })
    .where('id', '=', userId)
    .execute();
}

/**
 * Ends every session of the user. Their tokens and key pairs open nothing either, until the provider vouches for them
 * again: were they deleted, a provider that forgets a claim for an hour would cost everybody theirs.
 */
export async function suspendTrust(database: Database, userId: string): Promise<void> {
  await database
    .updateTable('app_user')
    .set({ trustedUntil: now })
    .where('id', '=', userId)
    .execute();
  await database
    .deleteFrom('credential')
    .where('userId', '=', userId)
    .where('kind', '=', 'session')
    .execute();
}

/** Ids of the accounts that are there and have this id, or else this name; two at most, for two are too many. */
export async function findAccountsCalled(
  database: Database,
  text: string,
): Promise<readonly string[]> {
  const rows = await database
    .selectFrom('account')
    .select(eb => ['id', eb('id', '=', text).as('exact')])
    .where(eb => eb.or([eb('id', '=', text), eb('name', '=', text)]))
    .where('removedAt', 'is', null)
    .orderBy('exact', 'desc')
    .orderBy('id')
    .limit(2)
    .execute();
  const exact = rows.filter(row => row.exact);
  return (exact.length > 0 ? exact : rows).map(({ id }) => id);
}
