/** Key pairs for programs that sign their requests, as CloudStack's do. */
import { sql } from 'kysely';

import { instant } from '../sql/instant.ts';
import type { Database } from '../database.ts';
import { isStillThere, ownerColumns, ownerJoins, touchedEvery } from './query-user.ts';
import type { TokenOwner } from './query-user.ts';

export interface ApiKeyFacts {
  readonly id: string;
  readonly apiKey: string;
  /** RFC 3339, as all instants here. */
  readonly created: string;
  readonly lastUsedAt: string | null;
}

const columns = sql`k.id, k.api_key as "apiKey", ${instant('k.created')} as created,
  ${instant('k.last_used_at')} as "lastUsedAt"`;

export async function insertApiKey(
  database: Database,
  pair: { userId: string; apiKey: string; sealed: Buffer },
): Promise<ApiKeyFacts> {
  const { rows } = await sql<ApiKeyFacts>`
    insert into api_key as k (user_id, api_key, sealed)
    values (${pair.userId}, ${pair.apiKey}, ${pair.sealed}) returning ${columns}`.execute(database);
  const [made] = rows;
  if (!made) throw new RangeError('insert into api_key returned no row');
  return made;
}

/** A user's pairs, by id, those after `cursor`. */
export async function listApiKeys(
  database: Database,
  userId: string,
  page: { limit: number; cursor?: string },
): Promise<readonly ApiKeyFacts[]> {
  const { rows } = await sql<ApiKeyFacts>`
    select ${columns} from api_key k
    where k.user_id = ${userId}
      and ${page.cursor === undefined ? sql`true` : sql`k.id > ${page.cursor}::uuid`}
    order by k.id limit ${page.limit}`.execute(database);
  return rows;
}

export async function deleteApiKey(
  database: Database,
  userId: string,
  id: string,
): Promise<ApiKeyFacts | undefined> {
  const { rows } = await sql<ApiKeyFacts>`
    delete from api_key k where k.id = ${id} and k.user_id = ${userId} returning ${columns}`.execute(
    database,
  );
  return rows[0];
}

/** Whose pair it is, and its sealed secret; notes that it was used. */
export async function findApiKeyOwner(
  database: Database,
  apiKey: string,
): Promise<(TokenOwner & { readonly sealed: Buffer }) | undefined> {
  const { rows } = await sql<TokenOwner & { sealed: Buffer }>`
    with found as (select id, user_id, sealed, last_used_at from api_key where api_key = ${apiKey}),
    touched as (
      update api_key k set last_used_at = now() from found
      where k.id = found.id and (found.last_used_at is null or found.last_used_at < now() - ${touchedEvery}))
    select ${ownerColumns}, found.sealed
    from app_user u join found on found.user_id = u.id ${ownerJoins}
    where ${isStillThere}`.execute(database);
  return rows[0];
}
