/** Users who log in at an OpenID provider: their identity there, and how long it is trusted. */
import type { Database } from '../database.ts';
import type { Role } from '../schema/access-words.ts';
import { fromNow, now } from '../sql/instant.ts';
import { userColumns, type UserRow } from './user.ts';

export interface Identity {
  readonly issuer: string;
  readonly subject: string;
}

/** What a user gets anew at each login. */
export interface Standing {
  readonly role: Role;
  readonly accountId?: string;
  /** Milliseconds from now until the trust ends. */
  readonly trustMs: number;
}

/** Finds a user by identity and locks the row, so that simultaneous logins of one person run one after the other. */
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

/** Creates a user with an identity. @returns undefined when the name or the identity is taken. */
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
 * Ends the trust and every session of a user. Their tokens and key pairs are refused until the provider vouches for them
 * again. They are not deleted, or a provider that leaves out a claim for an hour would cost everybody theirs.
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

/** Finds the ids of existing accounts with this id, or else with this name; two at most, which show that it is ambiguous. */
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
