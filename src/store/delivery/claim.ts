/**
 * Claims deliveries that are due, a few for each webhook that has room.
 *
 * The statements read rows in the order of an index, with a limit that PostgreSQL does not know when it plans
 * (`lane.room`), or by their ids. So there is one sensible plan, whatever PostgreSQL believes of the tables
 * (`docs/decisions/0076-plans-that-do-not-depend-on-statistics.md`).
 */
import { sql } from 'kysely';

import type { DeliveryKind } from '../../event/delivery.ts';
import type { Envelope } from '../../event/envelope.ts';
import type { Concern } from '../../event/event.ts';
import { envelopeColumn, toEnvelope, type EnvelopeRow } from '../event/envelope.ts';
import { concernColumns, toConcern, type ConcernRow } from '../event/tenant.ts';
import { type Database, inTransaction, type Store } from '../database.ts';
import { integers, texts, uuids } from '../sql/columns.ts';
import { isAmong, isOneOf } from '../sql/row-ids.ts';
import { isEventInScope } from '../sql/visibility.ts';
import { deliveriesOf, isFree, isOrdered, type Day } from './waiting-rows.ts';
import type { Waiting } from './waiting.ts';

export interface ClaimedDelivery {
  readonly deliveryId: string;
  readonly eventId: string;
  readonly webhookId: string;
  readonly kind: DeliveryKind;
  /** Key of the deliveries that are sent one after the other; null for one in no order. */
  readonly orderKey: string | null;
  /** Number of attempts so far. */
  readonly tries: number;
  /** Milliseconds since 1970. */
  readonly madeAtMs: number;
  /** Of kind `replay`: what it belongs to; null for others. */
  readonly replayId: string | null;
  /** False when the webhook was deleted and the delivery is to be cancelled. */
  readonly webhookExists: boolean;
  readonly event: string;
  readonly concern: Concern;
  /** Whether the event is outside of the webhook's present scope; false where there is no webhook. */
  readonly isOutside: boolean;
  readonly body: string;
  /** Null for a webhook of the format `cloudstack`, which does not need it. */
  readonly envelope: Envelope | null;
}

/** What to claim of a webhook. */
export interface Wanted extends Waiting {
  /** Maximum number of deliveries. */
  readonly room: number;
}

/**
 * Claims due deliveries for this process, day by day and oldest due first, up to `room` for each webhook. Rows that another
 * process is claiming are skipped, so that processes share the work without waiting.
 *
 * Of the deliveries of one webhook with the same order key only the first may be claimed; the others wait until it has
 * finished.
 *
 * A process that was taken over and does not know it yet gets nothing, because nothing would ever release its claims.
 */
export async function claimDue(
  store: Store,
  processId: number,
  wanted: readonly Wanted[],
): Promise<readonly ClaimedDelivery[]> {
  return inTransaction(store, async database => {
    if (!(await holdLease(database, processId))) return [];
    const ids: string[] = [];
    const left = new Map(wanted.map(({ webhookId, room }) => [webhookId, room]));
    for (const [kind, lock] of kinds) {
      for (const day of new Set(wanted.flatMap(lane => lane[kind]).toSorted())) {
        const lanes = wanted
          .filter(lane => lane[kind].includes(day))
          .map(lane => ({ ...lane, room: left.get(lane.webhookId) ?? 0 }))
          .filter(({ room }) => room > 0);
        for (const { id, webhookId } of await lock(database, day, lanes)) {
          ids.push(id);
          left.set(webhookId, (left.get(webhookId) ?? 0) - 1);
        }
      }
    }
    return ids.length === 0 ? [] : readClaimed(database, await mark(database, processId, ids));
  });
}

const kinds = [
  ['free', lockFree],
  ['ordered', lockInTurn],
] as const;

interface Locked {
  readonly id: string;
  readonly webhookId: string;
}

/** Locks the process's row, so that a take-over waits until the claim is committed. @returns false when the row is gone. */
async function holdLease(database: Database, processId: number): Promise<boolean> {
  const { rows } = await sql`select from process where id = ${processId} for key share`.execute(
    database,
  );
  return rows.length > 0;
}

async function lockFree(
  database: Database,
  day: Day,
  lanes: readonly Wanted[],
): Promise<readonly Locked[]> {
  if (lanes.length === 0) return [];
  const { rows } = await sql<Locked>`
    select due.id, lane.webhook_id as "webhookId" from ${unnestLanes(lanes)} cross join lateral (
      select d.id from ${deliveriesOf(day)} d
      where d.webhook_id = lane.webhook_id and ${isFree} and d.next_attempt_at <= now()
      order by d.next_attempt_at limit lane.room for update skip locked) due
    limit ${roomOf(lanes)}`.execute(database);
  return rows;
}

/** Locks the oldest unfinished delivery of each order key, if it is due and no earlier day has an unfinished one. */
async function lockInTurn(
  database: Database,
  day: Day,
  lanes: readonly Wanted[],
): Promise<readonly Locked[]> {
  if (lanes.length === 0) return [];
  const { rows } = await sql<Locked & { readonly orderKey: string }>`
    select due.id, lane.webhook_id as "webhookId", due.order_key as "orderKey"
    from ${unnestLanes(lanes)} cross join lateral (${firstInTurn(day)}) due
    limit ${roomOf(lanes)}`.execute(database);
  const first = await withoutHeldUp(database, day, { lanes, first: rows });
  if (first.length === 0) return [];
  const ids = first.map(({ id }) => id);
  const locked = await sql<Locked>`
    select d.id, d.webhook_id as "webhookId" from delivery d
    where ${isOneOf('d.id', ids)} and d.state = 'pending' and d.next_attempt_at <= now()
    for update skip locked`.execute(database);
  return locked.rows;
}

const firstInTurn = (day: Day) => sql`
  with recursive first as (
    (select order_key, id, state, next_attempt_at from ${deliveriesOf(day)} o
      where o.webhook_id = lane.webhook_id and ${isOrdered}
      order by order_key, event_id limit 1)
    union all
    select n.order_key, n.id, n.state, n.next_attempt_at from first cross join lateral (
      select order_key, id, state, next_attempt_at from ${deliveriesOf(day)} o
      where o.webhook_id = lane.webhook_id and ${isOrdered} and o.order_key > first.order_key
      order by order_key, event_id limit 1) n)
  select id, order_key from first where state = 'pending' and next_attempt_at <= now()
  order by next_attempt_at limit lane.room`;

interface FirstInTurn {
  readonly lanes: readonly Wanted[];
  readonly first: readonly (Locked & { readonly orderKey: string })[];
}

/** Leaves out deliveries whose order key has an unfinished delivery on an earlier day. */
async function withoutHeldUp(
  database: Database,
  day: Day,
  { lanes, first }: FirstInTurn,
): Promise<readonly Locked[]> {
  const earlier = new Set(lanes.flatMap(({ ordered }) => ordered).filter(other => other < day));
  const heldUp = new Set<string>();
  for (const other of earlier) {
    const { rows } = await sql<{ id: string }>`
      select first.id from unnest(${uuids(first.map(({ id }) => id))},
          ${uuids(first.map(({ webhookId }) => webhookId))}, ${texts(first.map(({ orderKey }) => orderKey))})
        as first(id, webhook_id, order_key)
      cross join lateral (select from ${deliveriesOf(other)} o
        where o.webhook_id = first.webhook_id and ${isOrdered}
          and o.order_key >= first.order_key and o.order_key <= first.order_key
        order by o.order_key, o.event_id limit 1) o`.execute(database);
    for (const { id } of rows) heldUp.add(id);
  }
  return first.filter(({ id }) => !heldUp.has(id));
}

const unnestLanes = (lanes: readonly Wanted[]) => sql`unnest(
  ${uuids(lanes.map(({ webhookId }) => webhookId))}, ${integers(lanes.map(({ room }) => room))}) as lane(webhook_id, room)`;

const roomOf = (lanes: readonly Wanted[]): number => lanes.reduce((sum, { room }) => sum + room, 0);

interface MarkedRow extends Pick<
  ClaimedDelivery,
  'deliveryId' | 'eventId' | 'webhookId' | 'kind' | 'tries' | 'madeAtMs' | 'orderKey' | 'replayId'
> {
  readonly dueAt: string;
}

async function mark(
  database: Database,
  processId: number,
  ids: readonly string[],
): Promise<readonly MarkedRow[]> {
  const { rows } = await sql<MarkedRow>`
    update delivery d set state = 'delivering', process_id = ${processId} where ${isOneOf('d.id', ids)}
    returning d.id as "deliveryId", d.event_id as "eventId", d.webhook_id as "webhookId", d.kind, d.tries,
      (extract(epoch from d.created_at) * 1000)::float8 as "madeAtMs",
      d.order_key as "orderKey", d.replay_id as "replayId", extract(epoch from d.next_attempt_at) as "dueAt"`.execute(
    database,
  );
  return rows.toSorted((a, b) => Number(a.dueAt) - Number(b.dueAt));
}

/**
 * Reads the events of claims, in the order of the claims. The limits tell PostgreSQL that an id belongs to one row, which it
 * does not know of a partitioned table.
 */
async function readClaimed(
  database: Database,
  claims: readonly MarkedRow[],
): Promise<readonly ClaimedDelivery[]> {
  const eventIds = claims.map(({ eventId }) => eventId);
  const { rows } = await sql<
    Pick<ClaimedDelivery, 'event' | 'body' | 'webhookExists' | 'isOutside'> &
      ConcernRow & { readonly at: string; readonly envelope: EnvelopeRow | null }
  >`select c.at, w.id is not null as "webhookExists", e.event, e.body, ${concernColumns('e')},
      w.id is not null and not ${isEventInScope('e', 'w')} as "isOutside",
      case when w.format <> 'cloudstack' then ${envelopeColumn('e')} end as envelope
    from unnest(${uuids(eventIds)}, ${uuids(claims.map(claim => claim.webhookId))})
        with ordinality as c(event_id, webhook_id, at)
      cross join lateral (select * from event e where e.id = c.event_id and ${isAmong('e.id', eventIds)} limit 1) e
      left join lateral (select w.id, w.format, w.scope, w.account_id, w.domain_id from webhook w where w.id = c.webhook_id limit 1) w on true
    order by c.at`.execute(database);
  return rows.flatMap(({ at, envelope, event, body, webhookExists, isOutside, ...row }) => {
    const claim = claims[Number(at) - 1];
    if (!claim) return [];
    const { dueAt: _, ...delivery } = claim;
    const told = { event, body, webhookExists, isOutside };
    const read = { concern: toConcern(row), envelope: envelope && toEnvelope(envelope) };
    return { ...delivery, ...told, ...read };
  });
}
