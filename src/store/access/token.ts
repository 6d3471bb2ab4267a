/** Credentials of users: tokens created for programs, and sessions. */
import { sql, type Expression, type Insertable } from 'kysely';

import type { Database } from '../database.ts';
import type { Row, Tables } from '../schema/tables.ts';
import { after } from '../sql/condition.ts';
import { now } from '../sql/instant.ts';
import { selectOwners, type TokenOwner } from './user.ts';

const tokenColumns = ['id', 'name', 'scopes', 'created', 'expiresAt', 'lastUsedAt'] as const;
export type TokenRow = Pick<Row<'credential'>, (typeof tokenColumns)[number]>;

/** Kind, scopes and end of a token that a request presents. */
export type Presented = Pick<Row<'credential'>, 'kind' | 'scopes' | 'expiresAt'>;

/**
 * Whether `lastUsedAt` needs an update, and can have one: a database that is read-only still answers. It is exact to a
 * minute, so that a request a second is not a write a second.
 */
export const isStale = (lastUsedAt: Expression<string | null>) =>
  sql<boolean>`((${lastUsedAt} is null or ${lastUsedAt} < now() - interval '1 minute')
    and not current_setting('transaction_read_only')::bool)`;

/** Creates a credential. @param token its `logoutHint` is sealed. */
export async function insertToken(
  database: Database,
  {
    userId,
    kind,
    name,
    tokenHash,
    scopes,
    expiresAt,
    logoutHint,
  }: Insertable<Tables['credential']>,
): Promise<TokenRow> {
  return database
    .insertInto('credential')
    .values({ userId, kind, name, tokenHash, scopes, expiresAt, logoutHint })
    .returning(tokenColumns)
    .executeTakeFirstOrThrow();
}

/** Finds the user of a token that has not expired, and updates when it was last used. */
export async function findTokenOwner(
  database: Database,
  tokenHash: Buffer,
): Promise<(TokenOwner & Presented) | undefined> {
  const found = await database
    .selectFrom('credential as found')
    .innerJoin(selectOwners(database).as('owner'), 'owner.id', 'found.userId')
    .where('found.tokenHash', '=', tokenHash)
    .where(eb => eb.or([eb('found.expiresAt', 'is', null), eb('found.expiresAt', '>', now)]))
    .selectAll('owner')
    .select(['found.kind', 'found.scopes', 'found.expiresAt'])
    .select(eb => isStale(eb.ref('found.lastUsedAt')).as('isStale'))
    .executeTakeFirst();
  if (found === undefined) return undefined;
  const { isStale: isToTouch, ...owner } = found;
  if (isToTouch) {
    await database
      .updateTable('credential')
      .set({ lastUsedAt: now })
      .where('tokenHash', '=', tokenHash)
      .execute();
  }
  return owner;
}

/** Lists a user's tokens, by id, without sessions. */
export async function listTokens(
  database: Database,
  userId: string,
  { limit, cursor }: { limit: number; cursor?: string },
): Promise<readonly TokenRow[]> {
  return database
    .selectFrom('credential')
    .select(tokenColumns)
    .where('userId', '=', userId)
    .where('kind', '=', 'token')
    .where(eb => after(eb.ref('id'), cursor))
    .orderBy('id')
    .limit(limit)
    .execute();
}

export async function deleteToken(
  database: Database,
  userId: string,
  id: string,
): Promise<TokenRow | undefined> {
  return database
    .deleteFrom('credential')
    .where('id', '=', id)
    .where('userId', '=', userId)
    .returning(tokenColumns)
    .executeTakeFirst();
}

/** Finds the sealed ID token that a session began with. */
export async function findLogoutHint(
  database: Database,
  tokenHash: Buffer,
): Promise<string | undefined> {
  const session = await database
    .selectFrom('credential')
    .select('logoutHint')
    .where('tokenHash', '=', tokenHash)
    .where('kind', '=', 'session')
    .executeTakeFirst();
  return session?.logoutHint ?? undefined;
}

/** Deletes the session with this token; a token created for a program stays. */
export async function endSession(database: Database, tokenHash: Buffer): Promise<void> {
  await database
    .deleteFrom('credential')
    .where('tokenHash', '=', tokenHash)
    .where('kind', '=', 'session')
    .execute();
}

/** Deletes sessions and tokens that have expired. */
export async function deleteExpiredTokens(database: Database): Promise<void> {
  await database.deleteFrom('credential').where('expiresAt', '<', now).execute();
}
