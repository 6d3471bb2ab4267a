/** Deliveries: list, find. Lists run newest first along the primary key, or along (webhook_id, id); see `sql/keyset.ts`. */
import { expressionBuilder, sql, type RawBuilder } from 'kysely';

import type { Attempt, DeliveryState } from '../../event/delivery.ts';
import type { Envelope } from '../../event/envelope.ts';
import type { Database } from '../database.ts';
import { envelopeColumn, toEnvelope } from '../event/envelope.ts';
import { eventOf } from './event-of.ts';
import type { Row, Tables } from '../schema/tables.ts';
import { columnsOf, conditions } from '../sql/condition.ts';
import { isOneOf } from '../sql/row-ids.ts';
import { instant } from '../sql/instant.ts';
import { readKeysetPage } from '../sql/keyset.ts';
import type { Page, KeysetQuery } from '../sql/keyset.ts';
import { eventWithin, webhookWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export interface DeliveryQuery extends KeysetQuery {
  readonly webhookId?: string;
  readonly eventId?: string;
  readonly state?: DeliveryState;
  readonly eventType?: string;
  readonly entityUuid?: string;
}

const columns = [
  'id',
  'eventId',
  'webhookId',
  'kind',
  'state',
  'tries',
  'createdAt',
  'finishedAt',
] as const;

export interface DeliveryRow extends Readonly<
  Pick<Row<'delivery'>, (typeof columns)[number] | 'nextAttemptAt'>
> {
  readonly eventType: string;
  readonly entityUuid: string | null;
  readonly attempts: readonly NumberedAttempt[];
}

export interface NumberedAttempt extends Omit<Attempt, 'startedAt' | 'retryAfterMs'> {
  readonly number: number;
  readonly startedAt: string;
}

/** What a delivery's request is rendered from. */
export interface OwedEvent {
  readonly envelope: Envelope;
  readonly body: string;
}

export async function listDeliveries(
  database: Database,
  visibility: Visibility,
  query: DeliveryQuery,
): Promise<Page<DeliveryRow>> {
  const { webhookId } = query;
  const eb = expressionBuilder<{ d: Tables['delivery']; e: Tables['event'] }, 'd' | 'e'>();
  const wanted = conditions([
    visibility.kind === 'everything' ? undefined : deliveryWithin(visibility),
    query.eventId === undefined ? undefined : eb('d.eventId', '=', query.eventId),
    query.state === undefined ? undefined : eb('d.state', '=', query.state),
    query.eventType === undefined ? undefined : eb('e.event', '=', query.eventType),
    query.entityUuid === undefined ? undefined : eb('e.entityuuid', '=', query.entityUuid),
  ]);
  const list = { table: 'delivery', alias: 'd', webhookId, wanted } as const;
  return readKeysetPage(database, query, list, rows => selectDeliveries(database, rows));
}

export async function findDelivery(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<(DeliveryRow & OwedEvent) | undefined> {
  const row = await selectDeliveries(database)
    .select(['e.body', envelopeColumn('e').as('envelope')])
    .where('d.id', '=', id)
    .where(deliveryWithin(visibility))
    .executeTakeFirst();
  return row && { ...row, envelope: toEnvelope(row.envelope) };
}

function selectDeliveries(
  database: Database,
  rows: RawBuilder<Row<'delivery'>> = sql.table('delivery'),
) {
  return database
    .selectFrom(rows.as('d'))
    .crossJoinLateral(eventOf('d').as('e'))
    .select(columnsOf('d', columns))
    .select(['e.event as eventType', 'e.entityuuid as entityUuid'])
    .select([nextAttemptAt.as('nextAttemptAt'), attempts.as('attempts')]);
}

/** What waits behind an open breaker is due since its event (decision 81), and waits for the next probe all the same. */
const nextAttemptAt = sql<Row<'delivery'>['nextAttemptAt']>`greatest(d.next_attempt_at,
  (select h.next_probe_at from webhook_health h
    where d.state = 'pending' and h.webhook_id = d.webhook_id and h.state = 'open'))`;

/** Number of the last attempt. */
const lastNumber = sql`greatest(d.tries,
  1 + coalesce((select max(number) from attempt where delivery_id = d.id), 0))`;

/**
 * All attempts, in order: the last one is in the delivery's row, those before it are rows of `attempt`. Attempts that cost
 * no try are left out, but for the last one, which is numbered as the next try.
 */
const attempts = sql<
  readonly NumberedAttempt[]
>`coalesce((select jsonb_agg(${attemptJson('a', sql`a.number`)} order by a.number)
    from attempt a where a.delivery_id = d.id), '[]')
  || case when d.started_at is null then '[]' else jsonb_build_array(${attemptJson('d', lastNumber)}) end`;

function attemptJson(alias: string, number: RawBuilder<unknown>): RawBuilder<unknown> {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  return sql`jsonb_strip_nulls(jsonb_build_object('number', ${number},
    'startedAt', ${instant(`${alias}.started_at`)}, 'durationMs', ${column('duration_ms')},
    'status', ${column('status')}, 'error', ${column('error')}, 'responseBody', ${column('response_body')}))`;
}

/**
 * Whether a delivery is visible: its webhook has to be, and so has its event, because a webhook that was Global once got
 * everybody's. Deliveries of a deleted webhook are visible to `everything` alone.
 */
const deliveryWithin = (visibility: Visibility): RawBuilder<boolean> =>
  visibility.kind === 'everything'
    ? sql`true`
    : sql`(exists (select from webhook w where w.id = d.webhook_id and ${webhookWithin('w', visibility)})
        and ${eventWithin('e', visibility)})`;

/** Finds which of the deliveries have not been attempted yet. */
export async function findUnattempted(
  database: Database,
  ids: readonly string[],
): Promise<readonly string[]> {
  const rows = await database
    .selectFrom('delivery')
    .select('id')
    .where(isOneOf('id', ids))
    .where('startedAt', 'is', null)
    .execute();
  return rows.map(({ id }) => id);
}

/** Finds the states of deliveries, by id; one without a row is left out. */
export async function findStates(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, DeliveryState>> {
  const rows = await database
    .selectFrom('delivery')
    .select(['id', 'state'])
    .where(isOneOf('id', ids))
    .execute();
  return new Map(rows.map(({ id, state }) => [id, state]));
}
