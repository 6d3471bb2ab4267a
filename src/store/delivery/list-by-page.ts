/**
 * Deliveries by offset and with a total, as CloudStack's API lists them.
 *
 * Millions cannot be counted in bounded time, so only the newest `deliveriesSeenMax` are looked at.
 */
import { sql, type SelectQueryBuilder } from 'kysely';

import type { Database } from '../database.ts';
import { envelopeColumn, toEnvelope } from '../event/envelope.ts';
import type { Row, Tables } from '../schema/tables.ts';
import { allOf, contains } from '../sql/condition.ts';
import { inKeysetPage } from '../sql/keyset.ts';
import { readNumberedPage, type Counted, type PageOf } from '../sql/numbered-page.ts';
import { eventWithin, webhookWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';
import { deleteWanted } from './delete-delivery.ts';
import { eventOf } from './event-of.ts';

/** A delivery with its webhook's name, which is null once the webhook is deleted; the attempt's columns are of the last one. */
export type NamedDelivery = NonNullable<Awaited<ReturnType<typeof findNamedDelivery>>>;

export interface DeliverySearch {
  readonly id?: string;
  readonly webhookId?: string;
  /** Time range of the last attempt: it began at `startedFrom` or later, and ended within the second `endedTo` or before. */
  readonly startedFrom?: Date;
  readonly endedTo?: Date;
  readonly eventType?: string;
  /** A part of the body; case does not matter. */
  readonly keyword?: string;
}

/** Maximum number of deliveries that a list looks at, and so the largest total. Older ones are found by a time range. */
export const deliveriesSeenMax = 100_000;

/** Lists deliveries that were attempted, newest first. */
export async function listDeliveriesByPage(
  database: Database,
  visibility: Visibility,
  { search, page }: { search: DeliverySearch; page: PageOf },
): Promise<Counted<NamedDelivery>> {
  const { eventType, keyword } = search;
  const seen = database
    .selectFrom('delivery as d')
    .selectAll()
    .where(attempted(visibility, search))
    .orderBy('d.id', 'desc')
    .limit(deliveriesSeenMax);
  const wanted = selectNamed(database, seen)
    .where(eb => eb.and({ 'e.event': eventType }))
    .where(allOf([keyword === undefined ? undefined : contains(sql`e.body`, keyword)]))
    // A redelivery's id has the time of its event, so the order is not that of ids.
    .orderBy('d.createdAt', 'desc')
    .orderBy('d.id', 'desc');
  const { count, rows } = await readNumberedPage(database, wanted, page);
  return { count, rows: rows.map(row => ({ ...row, envelope: toEnvelope(row.envelope) })) };
}

/** Finds one delivery, attempted or not. */
export async function findNamedDelivery(database: Database, id: string) {
  const one = database.selectFrom('delivery as d').selectAll().where('d.id', '=', id);
  const row = await selectNamed(database, one).executeTakeFirst();
  return row && { ...row, envelope: toEnvelope(row.envelope) };
}

function selectNamed(
  database: Database,
  deliveries: SelectQueryBuilder<Tables & { d: Tables['delivery'] }, 'd', Row<'delivery'>>,
) {
  return database
    .selectFrom(deliveries.as('d'))
    .crossJoinLateral(eventOf('d').as('e'))
    .select([
      'd.id',
      'd.eventId',
      'd.webhookId',
      'd.state',
      'd.createdAt',
      'd.startedAt',
      'd.error',
      'd.responseBody',
      'e.body',
      envelopeColumn('e').as('envelope'),
      endedAt.as('endedAt'),
    ])
    .select(eb =>
      eb
        .selectFrom('webhook as w')
        .select('w.name')
        .whereRef('w.id', '=', 'd.webhookId')
        .as('webhookName'),
    );
}

const endedAt = sql<string | null>`d.started_at + d.duration_ms * interval '1 ms'`;

/**
 * Deletes the deliveries that `listDeliveriesByPage` would list, up to `limit`; see `deleteWanted`.
 *
 * @returns how many were deleted.
 */
export async function deleteListed(
  database: Database,
  visibility: Visibility,
  { search, limit }: { search: DeliverySearch; limit: number },
): Promise<number> {
  return deleteWanted(database, attempted(visibility, search), limit);
}

/**
 * Condition on `delivery d`: it was attempted, is visible, and is searched for. Both webhook and event have to be
 * visible, because a webhook that was Global once got everybody's events.
 *
 * An attempt never ends before its event was recorded, whose time the id begins with: later days are not read.
 */
function attempted(
  visibility: Visibility,
  { id, webhookId, startedFrom, endedTo }: DeliverySearch,
) {
  return allOf([
    sql`d.started_at is not null`,
    visibility.kind === 'everything'
      ? undefined
      : sql`d.webhook_id in (select w.id from webhook w where ${webhookWithin('w', visibility)})
          and exists (select from event e where e.id = d.event_id and ${eventWithin('e', visibility)})`,
    id === undefined ? undefined : sql`d.id = ${id}`,
    webhookId === undefined ? undefined : sql`d.webhook_id = ${webhookId}`,
    startedFrom && sql`d.started_at >= ${startedFrom}`,
    endedTo && inKeysetPage('d', { limit: 0, to: nextSecond(endedTo) }),
    endedTo && sql`${endedAt} < ${nextSecond(endedTo)}`,
  ]);
}

/** CloudStack's API states times in whole seconds. */
const nextSecond = (at: Date): Date => new Date(at.getTime() + 1_000);
