/**
 * Deliveries by offset and with a total, as CloudStack's API lists them.
 *
 * Millions cannot be counted in bounded time, so only the newest `deliveriesSeenMax` are looked at, and of bodies fewer.
 * One statement finds the ids of the page and counts them; another reads the page, so that no others are written as JSON.
 */
import { sql, type SelectQueryBuilder } from 'kysely';

import type { Database } from '../database.ts';
import { envelopeColumn, toEnvelope } from '../event/envelope.ts';
import type { Row, Tables } from '../schema/tables.ts';
import { allOf, conditions, contains, type Fragment } from '../sql/condition.ts';
import { alongOf, horizon, inKeysetPage, rowsAlong } from '../sql/keyset.ts';
import type { Counted, PageOf } from '../sql/numbered-page.ts';
import { isOneOf } from '../sql/row-ids.ts';
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

/** Maximum number of deliveries whose bodies a list searches for a keyword. */
export const bodiesSeenMax = 10_000;

/** Lists deliveries that were attempted, newest first. */
export async function listDeliveriesByPage(
  database: Database,
  visibility: Visibility,
  { search, page }: { search: DeliverySearch; page: PageOf },
): Promise<Counted<NamedDelivery>> {
  const { count, ids } = await findPage(database, visibility, { search, page });
  const listed = database.selectFrom('delivery as d').selectAll().where(isOneOf('d.id', ids));
  const rows = await selectNamed(database, listed)
    .orderBy('d.createdAt', 'desc')
    .orderBy('d.id', 'desc')
    .execute();
  return { count, rows: rows.map(row => ({ ...row, envelope: toEnvelope(row.envelope) })) };
}

/** Finds the ids of a page, and counts the rows of all pages. A redelivery's id has the time of its event, so the order is not that of ids. */
async function findPage(
  database: Database,
  visibility: Visibility,
  { search, page }: { search: DeliverySearch; page: PageOf },
): Promise<{ readonly count: number; readonly ids: readonly string[] }> {
  const { eventType, keyword } = search;
  const seenMax = keyword === undefined ? deliveriesSeenMax : bodiesSeenMax;
  const { from, order } = newest(visibility, search, seenMax);
  const ofEvent = conditions([
    eventType === undefined ? undefined : sql`e.event = ${eventType}`,
    keyword === undefined ? undefined : contains(sql`e.body`, keyword),
  ]);
  const { rows } = await sql<{ count: number; ids: string[] }>`
    with seen as (
      select d.id, d.event_id, d.created_at from ${from}
      where ${attempted(visibility, search)} order by ${order} limit ${seenMax}),
    wanted as materialized (
      select s.id, s.created_at from seen s ${ofEvent ? sql`cross join lateral ${eventOf('s')} e where ${ofEvent}` : sql``})
    select (select count(*) from wanted)::int as count, array(
      select id from wanted order by created_at desc, id desc
      offset ${page.offset} limit ${page.limit})::text[] as ids`.execute(database);
  return rows[0] ?? { count: 0, ids: [] };
}

/** Deliveries as `d`, newest event first: a statement's `from` and `order by`. Of several webhooks, the newest of each. */
function newest(
  visibility: Visibility,
  { id, webhookId, endedTo }: DeliverySearch,
  seenMax: number,
): { readonly from: Fragment; readonly order: Fragment } {
  const order = sql`d.id desc`;
  if (id !== undefined) return { from: sql`delivery d`, order };
  const query = { limit: 0, to: horizon(endedTo && nextSecond(endedTo)) };
  if (webhookId !== undefined || visibility.kind === 'everything') {
    const along = alongOf('d', query, webhookId);
    return { from: sql`${rowsAlong('delivery', { alias: 'd', along })} d`, order: along.order };
  }
  const from = sql`(select w.id from webhook w where ${webhookWithin('w', visibility)}) own
    cross join lateral (select * from delivery d
      where d.webhook_id >= own.id and d.webhook_id <= own.id and ${inKeysetPage('d', query)}
      order by d.webhook_id desc, d.id desc limit (select ${seenMax}::int)) d`;
  return { from, order };
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
