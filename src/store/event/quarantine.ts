/** The quarantine, messages that could not be understood: list, find, delete. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import { inKeysetPage } from '../sql/keyset.ts';

const columns = [
  'id',
  'source',
  'position',
  'routingKey',
  'headers',
  'reason',
  'item',
  'createdAt',
] as const;

export interface QuarantineRow extends Readonly<Pick<Row<'quarantine'>, (typeof columns)[number]>> {
  /** Length of the body in bytes; null for a Kafka tombstone. */
  readonly bodyBytes: number | null;
}

/** Lists messages, newest first. */
export async function listQuarantined(
  database: Database,
  { limit, cursor, source }: { limit: number; cursor?: string; source?: string },
): Promise<readonly QuarantineRow[]> {
  return selectQuarantined(database)
    .where(eb => eb.and({ source }))
    .where(inKeysetPage('quarantine', { limit, cursor }))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

export async function findQuarantined(
  database: Database,
  id: string,
): Promise<
  (QuarantineRow & { readonly body: Buffer | null; readonly sendingId: string | null }) | undefined
> {
  return selectQuarantined(database)
    .select(['body', 'sendingId'])
    .where('id', '=', id)
    .executeTakeFirst();
}

const selectQuarantined = (database: Database) =>
  database
    .selectFrom('quarantine')
    .select(columns)
    .select(sql<number | null>`octet_length(body)`.as('bodyBytes'));

export async function deleteQuarantined(database: Database, id: string): Promise<boolean> {
  const deleted = await database
    .deleteFrom('quarantine')
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst();
  return deleted !== undefined;
}

/** The place of a message on the bus, or of an item in one. */
export const placeOf = ({ position, item }: { position: string; item?: number | null }): string =>
  `${item ?? ''}\0${position}`;

/** Finds what the quarantine has from these positions on the bus. @returns the places, see `placeOf`. */
export async function findQuarantinedPlaces(
  database: Database,
  source: string,
  positions: readonly string[],
): Promise<ReadonlySet<string>> {
  if (positions.length === 0) return new Set();
  const rows = await database
    .selectFrom('quarantine')
    .select(['position', 'item'])
    .where('source', '=', source)
    .where('position', 'in', [...positions])
    .execute();
  return new Set(rows.map(placeOf));
}
