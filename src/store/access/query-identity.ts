/** Users that an OpenID provider vouches for. They are known by its issuer and subject, never by a name or an address. */
import { sql } from 'kysely';

import type { Role } from '../schema/access.ts';
import type { Database } from '../database.ts';
import { userColumns } from './query-user.ts';
import type { UserFacts } from './query-user.ts';

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
  { issuer, subject }: Identity,
): Promise<UserFacts | undefined> {
  const { rows } = await sql<UserFacts>`
    select ${userColumns} from app_user u
    where u.issuer = ${issuer} and u.subject = ${subject} for update`.execute(database);
  return rows[0];
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
): Promise<UserFacts | undefined> {
  const { rows } = await sql<UserFacts>`
    insert into app_user as u (username, role, account_id, issuer, subject, trusted_until)
    values (${username}, ${role}, ${accountId ?? null}, ${issuer}, ${subject}, ${until(trustMs)})
    on conflict do nothing returning ${userColumns}`.execute(database);
  return rows[0];
}

export async function renewStanding(
  database: Database,
  userId: string,
  { role, accountId, trustMs }: Standing,
): Promise<void> {
  await sql`
    update app_user set role = ${role}, account_id = ${accountId ?? null}, trusted_until = ${until(trustMs)}
    where id = ${userId}`.execute(database);
}

/**
 * Ends every session of the user. Their tokens and key pairs open nothing either, until the provider vouches for them
 * again: were they deleted, a provider that forgets a claim for an hour would cost everybody theirs.
 */
export async function suspendTrust(database: Database, userId: string): Promise<void> {
  await sql`update app_user set trusted_until = now() where id = ${userId}`.execute(database);
  await sql`delete from credential where user_id = ${userId} and kind = 'session'`.execute(
    database,
  );
}

/** Ids of the accounts that are there and have this id, or else this name; two at most, for two are too many. */
export async function findAccountsCalled(
  database: Database,
  text: string,
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string; exact: boolean }>`
    select a.id, a.id = ${text} as exact from account a
    where (a.id = ${text} or a.name = ${text}) and a.removed_at is null
    order by exact desc, a.id limit 2`.execute(database);
  const exact = rows.filter(row => row.exact);
  return (exact.length > 0 ? exact : rows).map(({ id }) => id);
}

/** The session's sealed ID token, if it began with one. */
export async function findLogoutHint(
  database: Database,
  tokenHash: Buffer,
): Promise<string | undefined> {
  const { rows } = await sql<{ hint: string | null }>`
    select logout_hint as hint from credential
    where token_hash = ${tokenHash} and kind = 'session'`.execute(database);
  return rows[0]?.hint ?? undefined;
}

const until = (ms: number) => sql`now() + ${ms} * interval '1 millisecond'`;
