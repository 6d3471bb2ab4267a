/**
 * Events, deliveries and the quarantine as people look at them, for the API.
 *
 * Lists run newest first along the primary key, or along (webhook_id, id); see `sql/keyset.ts`.
 */
import { sql } from 'kysely';

import type { Attempt, DeliveryKind, DeliveryState } from '../../event/delivery.ts';
import type { Envelope } from '../../event/envelope.ts';
import { envelopeColumn, envelopeColumns, toEnvelope, type EnvelopeRow } from './envelope.ts';
import { instant } from '../sql/instant.ts';
import type { Database } from '../database.ts';
import { conditions, inKeysetPage, notBefore, pageOf, scanWindowEnd } from '../sql/keyset.ts';
import type { Fragment, Page, KeysetQuery } from '../sql/keyset.ts';
import { eventWithin, webhookWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export interface EventQuery extends KeysetQuery {
  readonly source?: string;
  readonly eventType?: string;
  readonly entityUuid?: string;
  readonly account?: string;
}

export interface DeliveryQuery extends KeysetQuery {
  readonly webhookId?: string;
  readonly eventId?: string;
  readonly state?: DeliveryState;
  readonly eventType?: string;
  readonly entityUuid?: string;
}

export interface EventFacts extends EnvelopeRow {
  readonly id: string;
  /** The configured name of the source it came by. */
  readonly sourceName: string;
  readonly owed: readonly string[];
}

export interface DeliveryFacts {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly entityUuid: string | null;
  readonly webhookId: string;
  readonly kind: DeliveryKind;
  readonly state: DeliveryState;
  readonly tries: number;
  readonly nextAttemptAt: string | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly attempts: readonly NumberedAttempt[];
}

/** What a delivery's request is made of. */
export interface OwedEvent {
  readonly envelope: Envelope;
  readonly body: string;
}

export interface NumberedAttempt extends Omit<Attempt, 'startedAt' | 'retryAfterMs'> {
  readonly number: number;
  readonly startedAt: string;
}

const eventColumns = (visibility: Visibility) =>
  sql`e.id, e.source as "sourceName", ${envelopeColumns('e')}, ${owedWithin(visibility)} as owed`;

/** Whoever asks is told of the webhooks they may see; a deleted one is in nobody's visibility but `everything`. */
const owedWithin = (visibility: Visibility): Fragment =>
  visibility.kind === 'everything'
    ? sql`e.owed::text[]`
    : sql`array(select w.id::text from webhook w where w.id = any(e.owed) and ${webhookWithin('w', visibility)})`;

const attemptJson = (alias: string, number: string) => sql`jsonb_strip_nulls(jsonb_build_object(
  'number', ${sql.ref(`${alias}.${number}`)},
  'startedAt', ${instant(`${alias}.started_at`)},
  'durationMs', ${sql.ref(`${alias}.duration_ms`)}, 'status', ${sql.ref(`${alias}.status`)},
  'error', ${sql.ref(`${alias}.error`)}, 'responseBody', ${sql.ref(`${alias}.response_body`)}))`;

const deliveryColumns = sql`d.id, d.event_id as "eventId", e.event as "eventType", e.entityuuid as "entityUuid",
  d.webhook_id as "webhookId", d.kind, d.state, d.tries, ${instant('d.next_attempt_at')} as "nextAttemptAt",
  ${instant('d.created_at')} as "createdAt", ${instant('d.finished_at')} as "finishedAt",
  coalesce((select jsonb_agg(${attemptJson('a', 'number')} order by a.number)
      from attempt a where a.delivery_id = d.id), '[]')
    || case when d.started_at is null then '[]' else jsonb_build_array(${attemptJson('d', 'tries')}) end as attempts`;

export async function listEvents(
  database: Database,
  visibility: Visibility,
  query: EventQuery,
): Promise<Page<EventFacts>> {
  const wanted = conditions([
    visibility.kind === 'everything' ? undefined : eventWithin('e', visibility),
    query.source === undefined ? undefined : sql`e.source = ${query.source}`,
    query.eventType === undefined ? undefined : sql`e.event = ${query.eventType}`,
    query.entityUuid === undefined ? undefined : sql`e.entityuuid = ${query.entityUuid}`,
    query.account === undefined ? undefined : sql`e.account = ${query.account}`,
  ]);
  const last = wanted && (await scanWindowEnd(database, sql`event e`, inKeysetPage('e', query)));
  const { rows } = await sql<EventFacts>`
    select ${eventColumns(visibility)} from event e
    where ${inKeysetPage('e', query)} and ${notBefore('e', last)} and ${wanted ?? sql`true`}
    order by e.id desc limit ${query.limit + 1}`.execute(database);
  return pageOf(rows, query.limit, last);
}

export async function findEvent(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<(EventFacts & { readonly body: string }) | undefined> {
  const { rows } = await sql<EventFacts & { body: string }>`
    select ${eventColumns(visibility)}, e.body from event e
    where e.id = ${id} and ${eventWithin('e', visibility)}`.execute(database);
  return rows[0];
}

/** Those of these events that are recorded. */
export async function findEventIds(
  database: Database,
  ids: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from event where id = any(${[...ids]}::uuid[]) order by id`.execute(database);
  return rows.map(({ id }) => id);
}

export async function listDeliveries(
  database: Database,
  visibility: Visibility,
  query: DeliveryQuery,
): Promise<Page<DeliveryFacts>> {
  const wanted = conditions([
    visibility.kind === 'everything' ? undefined : deliveryWithin(visibility),
    query.eventId === undefined ? undefined : sql`d.event_id = ${query.eventId}`,
    query.state === undefined ? undefined : sql`d.state = ${query.state}`,
    query.eventType === undefined ? undefined : sql`e.event = ${query.eventType}`,
    query.entityUuid === undefined ? undefined : sql`e.entityuuid = ${query.entityUuid}`,
  ]);
  const ofWebhook =
    query.webhookId === undefined ? sql`true` : sql`d.webhook_id = ${query.webhookId}`;
  const along = sql`${inKeysetPage('d', query)} and ${ofWebhook}`;
  const last = wanted && (await scanWindowEnd(database, sql`delivery d`, along));
  const { rows } = await sql<DeliveryFacts>`
    select ${deliveryColumns} from delivery d join event e on e.id = d.event_id
    where ${along} and ${notBefore('d', last)} and ${wanted ?? sql`true`}
    order by d.id desc limit ${query.limit + 1}`.execute(database);
  return pageOf(rows, query.limit, last);
}

export async function findDelivery(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<(DeliveryFacts & OwedEvent) | undefined> {
  const { rows } = await sql<DeliveryFacts & { envelope: EnvelopeRow; body: string }>`
    select ${deliveryColumns}, ${envelopeColumn('e')} as envelope, e.body from delivery d
    join event e on e.id = d.event_id
    where d.id = ${id} and ${visibility.kind === 'everything' ? sql`true` : deliveryWithin(visibility)}`.execute(
    database,
  );
  return rows.map(row => ({ ...row, envelope: toEnvelope(row.envelope) }))[0];
}

/** The states of those of these deliveries that have a row. */
export async function statesOf(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, DeliveryState>> {
  const { rows } = await sql<{ id: string; state: DeliveryState }>`
    select id, state from delivery where id = any(${[...ids]}::uuid[])`.execute(database);
  return new Map(rows.map(({ id, state }) => [id, state]));
}

/**
 * Deliveries are whose their webhook and their event are: a webhook that was Global once has had everybody's. Those of a
 * deleted webhook are in nobody's visibility but `everything`.
 */
const deliveryWithin = (visibility: Visibility): Fragment =>
  sql`(exists (select from webhook w where w.id = d.webhook_id and ${webhookWithin('w', visibility)})
    and ${eventWithin('e', visibility)})`;
