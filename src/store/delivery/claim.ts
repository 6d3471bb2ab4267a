/** Claims deliveries that are due, a few for each webhook that has room. */
import { sql, type RawBuilder } from 'kysely';

import type { DeliveryKind } from '../../event/delivery.ts';
import type { Envelope } from '../../event/envelope.ts';
import { envelopeColumn, toEnvelope, type EnvelopeRow } from '../event/envelope.ts';
import { type Database, inTransaction, type Store } from '../database.ts';

export interface ClaimedDelivery {
  readonly deliveryId: string;
  readonly eventId: string;
  readonly webhookId: string;
  readonly kind: DeliveryKind;
  /** Key of the deliveries that are sent one after the other; null for one in no order. */
  readonly orderKey: string | null;
  /** Number of attempts so far. */
  readonly tries: number;
  /** False when the webhook was deleted and the delivery is to be cancelled. */
  readonly webhookExists: boolean;
  readonly event: string;
  readonly account: string | null;
  readonly body: string;
  /** Null for a webhook of the format `cloudstack`, which does not need it. */
  readonly envelope: Envelope | null;
}

/** Condition: the delivery waits, and is in no order. */
const isFree = sql`state = 'pending' and order_key is null`;
/** Condition: the delivery has an order key and is unfinished; one in progress keeps its turn. */
const isOrdered = sql`state in ('pending', 'delivering') and order_key is not null`;

/** Lists the ids of webhooks that have waiting deliveries, due or not, in one index step per webhook. */
export async function listWaitingWebhooks(database: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ webhook_id: string }>`
    with recursive ${webhooksWith('free', isFree)}, ${webhooksWith('ordered', isOrdered)}
    select webhook_id from free where webhook_id is not null
    union select webhook_id from ordered where webhook_id is not null order by webhook_id`.execute(
    database,
  );
  return rows.map(row => row.webhook_id);
}

function webhooksWith(name: string, condition: RawBuilder<unknown>): RawBuilder<unknown> {
  const w = sql.id(name);
  return sql`${w} as (
      (select webhook_id from delivery where ${condition} order by webhook_id limit 1)
      union all
      select (select d.webhook_id from delivery d
        where ${condition} and d.webhook_id > ${w}.webhook_id order by d.webhook_id limit 1)
      from ${w} where ${w}.webhook_id is not null)`;
}

/**
 * Claims due deliveries for this process, oldest due first, up to `room` for each webhook. Rows that another process is
 * claiming are skipped, so that processes share the work without waiting.
 *
 * Of the deliveries of one webhook with the same order key only the first may be claimed; the others wait until it has
 * finished.
 *
 * A process that was taken over and does not know it yet gets nothing, because nothing would ever release its claims.
 */
export async function claimDue(
  database: Database,
  processId: number,
  wanted: readonly { readonly webhookId: string; readonly room: number }[],
): Promise<readonly ClaimedDelivery[]> {
  const { rows } = await sql<Omit<ClaimedDelivery, 'envelope'> & { envelope: EnvelopeRow | null }>`
    with held as (select from process where id = ${processId} for key share),
    lane as (
      select lane.* from held cross join unnest(
        ${wanted.map(lane => lane.webhookId)}::uuid[], ${wanted.map(lane => lane.room)}::int[]) as lane(webhook_id, room)),
    due as (
      select picked.id from lane cross join lateral (
        select d.id from delivery d
        where d.webhook_id = lane.webhook_id and ${isFree} and d.next_attempt_at <= now()
        order by d.next_attempt_at limit lane.room for update skip locked) picked
      union all
      select picked.id from lane cross join lateral (
        select d.id from delivery d where d.id = any(array(${firstInTurn})) and d.state = 'pending'
        for update skip locked) picked),
    claimed as (
      update delivery d set state = 'delivering', process_id = ${processId} from due where d.id = due.id
      returning d.id, d.event_id, d.webhook_id, d.kind, d.tries, d.next_attempt_at, d.order_key)
    select c.id as "deliveryId", c.event_id as "eventId", c.webhook_id as "webhookId", c.kind, c.tries,
      c.order_key as "orderKey", w.id is not null as "webhookExists", e.event, e.account, e.body,
      case when w.format <> 'cloudstack' then ${envelopeColumn('e')} end as envelope
    from claimed c join event e on e.id = c.event_id left join webhook w on w.id = c.webhook_id
    order by c.next_attempt_at`.execute(database);
  return rows.map(row => ({ ...row, envelope: row.envelope && toEnvelope(row.envelope) }));
}

/** Selects the oldest unfinished delivery of each order key of the lane's webhook, if it is due. */
const firstInTurn = sql`
  with recursive first as (
    (select order_key, id, state, next_attempt_at from delivery o
      where o.webhook_id = lane.webhook_id and ${isOrdered} order by order_key, event_id limit 1)
    union all
    select n.order_key, n.id, n.state, n.next_attempt_at from first cross join lateral (
      select order_key, id, state, next_attempt_at from delivery o
      where o.webhook_id = lane.webhook_id and ${isOrdered} and o.order_key > first.order_key
      order by order_key, event_id limit 1) n)
  select id from first where state = 'pending' and next_attempt_at <= now()
  order by next_attempt_at limit lane.room`;

/**
 * Makes due again what this process has claimed and does not hold, after the answer to a claim was lost.
 *
 * Claiming holds a key-share lock on the process's row. Taking the row for update therefore waits for a claim that is
 * still running on the broken connection.
 *
 * @param heldIds ids of the claimed deliveries in memory.
 * @returns the number of released deliveries.
 */
export async function releaseUnheld(
  store: Store,
  processId: number,
  heldIds: Iterable<string>,
): Promise<number> {
  return inTransaction(store, async database => {
    await sql`select from process where id = ${processId} for update`.execute(database);
    const { numAffectedRows } = await sql`
      update delivery set state = 'pending', process_id = null, next_attempt_at = now()
      where process_id = ${processId} and state = 'delivering' and id <> all(${[...heldIds]}::uuid[])`.execute(
      database,
    );
    return Number(numAffectedRows ?? 0);
  });
}

/** Counts the deliveries that wait in the database, up to `max`. */
export async function countWaiting(database: Database, max: number): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    select count(*) from (
      (select from delivery where ${isFree} limit ${max})
      union all
      (select from delivery where ${isOrdered} and state = 'pending' limit ${max}) limit ${max}) waiting`.execute(
    database,
  );
  return Number(rows[0]?.count ?? 0);
}
