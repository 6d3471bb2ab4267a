/** Users and what they prove themselves with, for access and the API. */
import { sql } from 'kysely';

import type { Role } from '../schema/access.ts';
import type { TokenScope } from '../schema/access.ts';
import { instant } from '../sql/instant.ts';
import type { Database } from '../database.ts';
import { userWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export interface UserFacts {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly accountId: string | null;
  /** Of the OpenID provider that vouches for them; null for a user with a password here. */
  readonly issuer: string | null;
  /** RFC 3339, as all instants here. */
  readonly created: string;
}

/** A user, and where their account lies in the tree. */
export interface TokenOwner extends UserFacts {
  readonly domainId: string | null;
  readonly domainPath: string | null;
}

/** What a token that was presented is, and opens. */
export interface Presented {
  readonly kind: 'token' | 'session';
  readonly scopes: readonly TokenScope[];
  readonly expiresAt: string | null;
}

export interface TokenFacts {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly created: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
}

export const userColumns = sql`u.id, u.username, u.role, u.account_id as "accountId", u.issuer, ${instant('u.created')} as created`;
const tokenColumns = sql`c.id, c.name, c.scopes, ${instant('c.created')} as created,
  ${instant('c.expires_at')} as "expiresAt", ${instant('c.last_used_at')} as "lastUsedAt"`;
/** How exact `last_used_at` is: a request a second must not be a write a second. */
export const touchedEvery = sql`interval '1 minute'`;

/** For `app_user u`: what a TokenOwner has. */
export const ownerColumns = sql`${userColumns}, d.id as "domainId", d.path as "domainPath"`;
export const ownerJoins = sql`left join account a on a.id = u.account_id left join domain d on d.id = a.domain_id`;
/**
 * Nobody acts for an account that is gone from the cloud; but an answer of the cloud's shuts no Admin out. Nor does
 * anybody whom their OpenID provider has not vouched for in a long time.
 */
export const isStillThere = sql`((a.removed_at is null or u.role = 'Admin')
  and (u.trusted_until is null or u.trusted_until > now()))`;

/** Any constant will do, as long as every Hookline uses the same one. */
const FIRST_USER_LOCK = 7_219_004_321;

/** One process at a time, until its transaction ends, decides whether the first user is made, or the last one goes. */
export async function lockFirstUser(database: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(${FIRST_USER_LOCK})`.execute(database);
}

/** @returns undefined when the name is taken. */
export async function insertUser(
  database: Database,
  user: { username: string; passwordHash: string; role: Role; accountId?: string },
): Promise<UserFacts | undefined> {
  const { rows } = await sql<UserFacts>`
    insert into app_user as u (username, password_hash, role, account_id)
    values (${user.username}, ${user.passwordHash}, ${user.role}, ${user.accountId ?? null})
    on conflict (username) do nothing returning ${userColumns}`.execute(database);
  return rows[0];
}

export async function findUser(
  database: Database,
  username: string,
): Promise<(UserFacts & { readonly passwordHash: string | null }) | undefined> {
  const { rows } = await sql<UserFacts & { passwordHash: string | null }>`
    select ${userColumns}, u.password_hash as "passwordHash" from app_user u
    where u.username = ${username}`.execute(database);
  return rows[0];
}

/** The user, as far as the visibility has them. */
export async function findUserWithin(
  database: Database,
  username: string,
  visibility: Visibility,
): Promise<UserFacts | undefined> {
  const { rows } = await sql<UserFacts>`
    select ${userColumns} from app_user u
    where u.username = ${username} and ${userWithin('u', visibility)}`.execute(database);
  return rows[0];
}

/** Users by name, those after `cursor`. */
export async function listUsers(
  database: Database,
  visibility: Visibility,
  page: { limit: number; cursor?: string },
): Promise<readonly UserFacts[]> {
  const { rows } = await sql<UserFacts>`
    select ${userColumns} from app_user u
    where ${page.cursor === undefined ? sql`true` : sql`u.username > ${page.cursor}`}
      and ${userWithin('u', visibility)}
    order by u.username limit ${page.limit}`.execute(database);
  return rows;
}

/** The highest role among the users of an account; undefined for an account without users here. */
export async function highestRole(
  database: Database,
  accountId: string,
): Promise<Role | undefined> {
  const { rows } = await sql<{ role: Role }>`
    select role from app_user where account_id = ${accountId}
    order by array_position(array['Admin', 'DomainAdmin', 'User'], role) limit 1`.execute(database);
  return rows[0]?.role;
}

/**
 * Sets a new password and ends every session, token and key pair, as whoever knew the old one may hold them.
 *
 * @returns false when there is no user of that name whose password is kept here.
 */
export async function replacePassword(
  database: Database,
  username: string,
  passwordHash: string,
): Promise<boolean> {
  const { rows } = await sql`
    with changed as (
      update app_user set password_hash = ${passwordHash}
      where username = ${username} and issuer is null returning id),
    ended as (delete from credential where user_id in (select id from changed)),
    closed as (delete from api_key where user_id in (select id from changed))
    select id from changed`.execute(database);
  return rows.length > 0;
}

/** Deletes the user, unless nobody with the role Admin would be left. */
export async function deleteUser(
  database: Database,
  username: string,
): Promise<'deleted' | 'unknown' | 'last-admin'> {
  const user = await findUser(database, username);
  if (!user) return 'unknown';
  await lockFirstUser(database);
  const { rows } = await sql`
    delete from app_user where username = ${username} and (role <> 'Admin'
      or exists (select from app_user other where other.role = 'Admin' and other.username <> ${username}))
    returning id`.execute(database);
  return rows.length > 0 ? 'deleted' : 'last-admin';
}

export async function countUsers(database: Database): Promise<number> {
  const { rows } = await sql<{ count: string }>`select count(*) from app_user`.execute(database);
  return Number(rows[0]?.count ?? 0);
}

export async function insertToken(
  database: Database,
  token: {
    userId: string;
    kind: 'token' | 'session';
    name: string;
    tokenHash: Buffer;
    scopes: readonly TokenScope[];
    expiresAt?: Date;
    /** Sealed. */
    logoutHint?: string;
  },
): Promise<TokenFacts> {
  const { rows } = await sql<TokenFacts>`
    insert into credential as c (user_id, kind, name, token_hash, scopes, expires_at, logout_hint)
    values (${token.userId}, ${token.kind}, ${token.name}, ${token.tokenHash}, ${[...token.scopes]}::text[],
      ${token.expiresAt ?? null}, ${token.logoutHint ?? null})
    returning ${tokenColumns}`.execute(database);
  const [made] = rows;
  if (!made) throw new RangeError('insert into credential returned no row');
  return made;
}

/** The user a token belongs to, unless the token has expired; notes that it was used. */
export async function findTokenOwner(
  database: Database,
  tokenHash: Buffer,
): Promise<(TokenOwner & Presented) | undefined> {
  const { rows } = await sql<TokenOwner & Presented>`
    with found as (
      select id, user_id, kind, scopes, last_used_at, expires_at from credential
      where token_hash = ${tokenHash} and (expires_at is null or expires_at > now())),
    touched as (
      update credential c set last_used_at = now() from found
      where c.id = found.id and (found.last_used_at is null or found.last_used_at < now() - ${touchedEvery}))
    select ${ownerColumns}, found.kind, found.scopes, ${instant('found.expires_at')} as "expiresAt"
    from app_user u join found on found.user_id = u.id ${ownerJoins}
    where ${isStillThere}`.execute(database);
  return rows[0];
}

/** Tokens a user made, by id; those after `cursor`. Sessions are not among them. */
export async function listTokens(
  database: Database,
  userId: string,
  page: { limit: number; cursor?: string },
): Promise<readonly TokenFacts[]> {
  const { rows } = await sql<TokenFacts>`
    select ${tokenColumns} from credential c
    where c.user_id = ${userId} and c.kind = 'token'
      and ${page.cursor === undefined ? sql`true` : sql`c.id > ${page.cursor}::uuid`}
    order by c.id limit ${page.limit}`.execute(database);
  return rows;
}

export async function deleteToken(
  database: Database,
  userId: string,
  id: string,
): Promise<TokenFacts | undefined> {
  const { rows } = await sql<TokenFacts>`
    delete from credential c where c.id = ${id} and c.user_id = ${userId}
    returning ${tokenColumns}`.execute(database);
  return rows[0];
}

/** Ends the session with this token; a token made for a program is left alone. */
export async function endSession(database: Database, tokenHash: Buffer): Promise<void> {
  await sql`delete from credential where token_hash = ${tokenHash} and kind = 'session'`.execute(
    database,
  );
}

/** Removes sessions and tokens that have expired. */
export async function deleteExpiredTokens(database: Database): Promise<void> {
  await sql`delete from credential where expires_at < now()`.execute(database);
}
