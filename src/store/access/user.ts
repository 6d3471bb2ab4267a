/** Users: list, find, create, update, delete. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import type { Role } from '../schema/access-words.ts';
import type { Row } from '../schema/tables.ts';
import { after, columnsOf } from '../sql/condition.ts';
import { now } from '../sql/instant.ts';
import { userWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export const userColumns = ['id', 'username', 'role', 'accountId', 'issuer', 'created'] as const;
/** A user without their password. */
export type UserRow = Pick<Row<'app_user'>, (typeof userColumns)[number]>;

/** A user with the domain of their account. */
export interface TokenOwner extends UserRow {
  readonly domainId: string | null;
  readonly domainPath: string | null;
}

/** Any constant will do, as long as every Hookline uses the same one. */
const FIRST_USER_LOCK = 7_219_004_321;

/** Lets one transaction at a time decide whether to create the first user or to delete the last one. */
export async function lockFirstUser(database: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(${FIRST_USER_LOCK})`.execute(database);
}

/** Creates a user. @returns undefined when the name is taken. */
export async function insertUser(
  database: Database,
  {
    username,
    passwordHash,
    role,
    accountId,
  }: { username: string; passwordHash: string; role: Role; accountId?: string },
): Promise<UserRow | undefined> {
  return database
    .insertInto('app_user')
    .values({ username, passwordHash, role, accountId })
    .onConflict(conflict => conflict.column('username').doNothing())
    .returning(userColumns)
    .executeTakeFirst();
}

export async function findUser(
  database: Database,
  username: string,
): Promise<(UserRow & { readonly passwordHash: string | null }) | undefined> {
  return database
    .selectFrom('app_user')
    .select([...userColumns, 'passwordHash'])
    .where('username', '=', username)
    .executeTakeFirst();
}

/** Finds a user who is visible. */
export async function findUserWithin(
  database: Database,
  username: string,
  visibility: Visibility,
): Promise<UserRow | undefined> {
  return database
    .selectFrom('app_user as u')
    .select(userColumns)
    .where('username', '=', username)
    .where(userWithin('u', visibility))
    .executeTakeFirst();
}

/** Lists users by name. @param page its cursor is the last name of the page before. */
export async function listUsers(
  database: Database,
  visibility: Visibility,
  { limit, cursor }: { limit: number; cursor?: string },
): Promise<readonly UserRow[]> {
  return database
    .selectFrom('app_user as u')
    .select(userColumns)
    .where(eb => after(eb.ref('username'), cursor))
    .where(userWithin('u', visibility))
    .orderBy('username')
    .limit(limit)
    .execute();
}

/**
 * Selects users who may act, with the domain of their account. Nobody may act for an account that is gone from the cloud,
 * except an Admin, whom no answer of the cloud may lock out; nor may a user whose OpenID provider is no longer trusted
 * to vouch for them.
 */
export function selectOwners(database: Database) {
  return database
    .selectFrom('app_user as u')
    .leftJoin('account as a', 'a.id', 'u.accountId')
    .leftJoin('domain as d', 'd.id', 'a.domainId')
    .select([...columnsOf('u', userColumns), 'd.id as domainId', 'd.path as domainPath'])
    .where(eb => eb.or([eb('a.removedAt', 'is', null), eb('u.role', '=', 'Admin')]))
    .where(eb => eb.or([eb('u.trustedUntil', 'is', null), eb('u.trustedUntil', '>', now)]));
}

/** Finds the highest role among the users of an account; undefined when it has none. */
export async function findHighestRole(
  database: Database,
  accountId: string,
): Promise<Role | undefined> {
  const user = await database
    .selectFrom('app_user')
    .select('role')
    .where('accountId', '=', accountId)
    .orderBy(sql`array_position(array['Admin', 'DomainAdmin', 'User'], role)`)
    .limit(1)
    .executeTakeFirst();
  return user?.role;
}

/**
 * Sets a new password, and deletes every session, token and key pair, because somebody who knew the old password may hold
 * them. To be called in a transaction.
 *
 * @returns false when there is no such user, or they log in at an OpenID provider.
 */
export async function replacePassword(
  database: Database,
  username: string,
  passwordHash: string,
): Promise<boolean> {
  const user = await database
    .updateTable('app_user')
    .set({ passwordHash })
    .where('username', '=', username)
    .where('issuer', 'is', null)
    .returning('id')
    .executeTakeFirst();
  if (!user) return false;
  for (const table of ['credential', 'api_key'] as const) {
    await database.deleteFrom(table).where('userId', '=', user.id).execute();
  }
  return true;
}

/** Deletes a user, unless no Admin would be left. To be called in a transaction. */
export async function deleteUser(
  database: Database,
  username: string,
): Promise<'deleted' | 'unknown' | 'last-admin'> {
  const user = await findUser(database, username);
  if (!user) return 'unknown';
  await lockFirstUser(database);
  const deleted = await database
    .deleteFrom('app_user')
    .where('username', '=', username)
    .where(sql<boolean>`(role <> 'Admin' or exists (
      select from app_user other where other.role = 'Admin' and other.username <> ${username}))`)
    .returning('id')
    .executeTakeFirst();
  return deleted ? 'deleted' : 'last-admin';
}

/**
 * Gives a user another role and account. To be called in a transaction.
 *
 * @returns undefined when no Admin would be left.
 */
export async function moveUser(
  database: Database,
  username: string,
  { role, accountId }: { readonly role: Role; readonly accountId?: string | undefined },
): Promise<UserRow | undefined> {
  await lockFirstUser(database);
  return database
    .updateTable('app_user')
    .set({ role, accountId })
    .where('username', '=', username)
    .where(sql<boolean>`(role <> 'Admin' or ${role} = 'Admin' or exists (
      select from app_user other where other.role = 'Admin' and other.username <> ${username}))`)
    .returning(userColumns)
    .executeTakeFirst();
}

export async function countUsers(database: Database): Promise<number> {
  const { count } = await database
    .selectFrom('app_user')
    .select(eb => eb.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
