/** Key pairs for programs that sign their requests, as CloudStack's do. */
import type { Insertable } from 'kysely';

import type { Database } from '../database.ts';
import type { Row, Tables } from '../schema/tables.ts';
import { after } from '../sql/condition.ts';
import { now } from '../sql/instant.ts';
import { selectOwners, type TokenOwner } from './user.ts';
import { isStale } from './token.ts';

const columns = ['id', 'apiKey', 'created', 'lastUsedAt'] as const;
/** A key pair without its secret half. */
export type ApiKeyRow = Pick<Row<'api_key'>, (typeof columns)[number]>;

export async function insertApiKey(
  database: Database,
  { userId, apiKey, sealed }: Insertable<Tables['api_key']>,
): Promise<ApiKeyRow> {
  return database
    .insertInto('api_key')
    .values({ userId, apiKey, sealed })
    .returning(columns)
    .executeTakeFirstOrThrow();
}

/** Lists a user's key pairs, by id. */
export async function listApiKeys(
  database: Database,
  userId: string,
  { limit, cursor }: { limit: number; cursor?: string },
): Promise<readonly ApiKeyRow[]> {
  return database
    .selectFrom('api_key')
    .select(columns)
    .where('userId', '=', userId)
    .where(eb => after(eb.ref('id'), cursor))
    .orderBy('id')
    .limit(limit)
    .execute();
}

export async function deleteApiKey(
  database: Database,
  userId: string,
  id: string,
): Promise<ApiKeyRow | undefined> {
  return database
    .deleteFrom('api_key')
    .where('id', '=', id)
    .where('userId', '=', userId)
    .returning(columns)
    .executeTakeFirst();
}

/** Finds a key pair's user and sealed secret, and updates when it was last used. */
export async function findApiKeyOwner(
  database: Database,
  apiKey: string,
): Promise<(TokenOwner & { readonly sealed: Buffer }) | undefined> {
  const found = await database
    .selectFrom('api_key as found')
    .innerJoin(selectOwners(database).as('owner'), 'owner.id', 'found.userId')
    .where('found.apiKey', '=', apiKey)
    .selectAll('owner')
    .select('found.sealed')
    .select(eb => isStale(eb.ref('found.lastUsedAt')).as('isStale'))
    .executeTakeFirst();
  if (found === undefined) return undefined;
  const { isStale: isToTouch, ...owner } = found;
  if (isToTouch) {
    await database
      .updateTable('api_key')
      .set({ lastUsedAt: now })
      .where('apiKey', '=', apiKey)
      .execute();
  }
  return owner;
}
