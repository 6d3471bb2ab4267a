/**
 * Deliveries by the number of a page and with a total, as CloudStack's API lists them.
 *
 * There may be millions, which nobody can count in bounded time: only the newest so many are looked at.
 */
import { sql } from 'kysely';

import type { Envelope } from '../../event/envelope.ts';
import { deleteWanted } from './delete-delivery.ts';
import { envelopeColumn, toEnvelope, type EnvelopeRow } from '../event/envelope.ts';
import { instant } from '../sql/instant.ts';
import { all, contains, countAndRead } from '../sql/numbered-page.ts';
import type { Counted, PageOf } from '../sql/numbered-page.ts';
import type { Database } from '../database.ts';
import { conditions, inKeysetPage } from '../sql/keyset.ts';
import type { Fragment } from '../sql/keyset.ts';
import { eventWithin, webhookWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

/** A delivery as its last attempt left it. */
export interface NamedDelivery {
  readonly id: string;
  readonly eventId: string;
  readonly envelope: Envelope;
  readonly body: string;
  readonly webhookId: string;
  /** Null of one that has been deleted. */
  readonly webhookName: string | null;
  readonly state: string;
  readonly createdAt: string;
  /** Null before the first attempt has ended. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly error: string | null;
  readonly responseBody: string | null;
}

export interface DeliverySearch {
  readonly id?: string;
  readonly webhookId?: string;
  /** The last attempt began at or after; ended in that second or before. */
  readonly startedFrom?: Date;
  readonly endedTo?: Date;
  readonly eventType?: string;
  /** Part of the body, in any case. */
  readonly keyword?: string;
}

/** Newest deliveries that a list looks at, and so the largest count it gives; older ones are found by their dates. */
export const deliveriesSeenMax = 100_000;

const endedAt = sql`d.started_at + d.duration_ms * interval '1 ms'`;
const deliveryColumns = sql`d.id, d.event_id as "eventId", ${envelopeColumn('e')} as envelope, e.body,
  d.webhook_id as "webhookId", (select w.name from webhook w where w.id = d.webhook_id) as "webhookName", d.state,
  ${instant('d.created_at')} as "createdAt", ${instant('d.started_at')} as "startedAt",
  to_char((${endedAt}) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "endedAt", d.error,
  d.response_body as "responseBody"`;

/** Those that were attempted, the newest first. */
export async function listDeliveriesByPage(
  database: Database,
  visibility: Visibility,
  { search, page }: { search: DeliverySearch; page: PageOf },
): Promise<Counted<NamedDelivery>> {
  const { eventType, keyword } = search;
  const wanted = conditions([
    eventType === undefined ? undefined : sql`e.event = ${eventType}`,
    keyword === undefined ? undefined : contains(sql`e.body`, keyword),
  ]);
  const seen = sql`(select d.* from delivery d
    where d.started_at is not null and ${deliveriesWanted(visibility, search)}
    order by d.id desc limit ${deliveriesSeenMax}) d`;
  const { count, rows } = await countAndRead<DeliveryRow>(database, {
    from: sql`from ${seen} join event e on e.id = d.event_id where ${wanted ?? sql`true`}`,
    columns: deliveryColumns,
    // A redelivery's id has the time of its event.
    order: sql`d.created_at desc, d.id desc`,
    page,
  });
  return { count, rows: rows.map(toNamed) };
}

type DeliveryRow = Omit<NamedDelivery, 'envelope'> & { readonly envelope: EnvelopeRow };

const toNamed = (row: DeliveryRow): NamedDelivery => ({
  ...row,
  envelope: toEnvelope(row.envelope),
});

/** One delivery, attempted or not. */
export async function findNamedDelivery(
  database: Database,
  id: string,
): Promise<NamedDelivery | undefined> {
  const { rows } = await sql<DeliveryRow>`
    select ${deliveryColumns} from delivery d join event e on e.id = d.event_id
    where d.id = ${id}`.execute(database);
  return rows.map(toNamed)[0];
}

/**
 * Deletes what a list would have, so many at most; see `deleteWanted`.
 *
 * @returns how many were deleted.
 */
export async function deleteListed(
  database: Database,
  visibility: Visibility,
  { search, limit }: { search: DeliverySearch; limit: number },
): Promise<number> {
  const wanted = sql`d.started_at is not null and ${deliveriesWanted(visibility, search)}`;
  return deleteWanted(database, wanted, limit);
}

/**
 * A webhook's owner sees what became of the events in their visibility: one that was Global once has had everybody's.
 *
 * An attempt never ends before its event was recorded, whose time the id begins with: later days are not read.
 */
function deliveriesWanted(
  visibility: Visibility,
  { id, webhookId, startedFrom, endedTo }: DeliverySearch,
): Fragment {
  return all([
    visibility.kind === 'everything'
      ? undefined
      : sql`d.webhook_id in (select w.id from webhook w where ${webhookWithin('w', visibility)})
          and exists (select from event e where e.id = d.event_id and ${eventWithin('e', visibility)})`,
    id === undefined ? undefined : sql`d.id = ${id}`,
    webhookId === undefined ? undefined : sql`d.webhook_id = ${webhookId}`,
    startedFrom && sql`d.started_at >= ${startedFrom}`,
    endedTo &&
      sql`${inKeysetPage('d', { limit: 0, to: nextSecond(endedTo) })} and ${endedAt} < ${nextSecond(endedTo)}`,
  ]);
}

/** Who asks has seconds to say it with, and sees no more of it. */
const nextSecond = (at: Date): Date => new Date(at.getTime() + 1_000);
