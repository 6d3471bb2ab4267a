/**
 * The statement that makes a batch durable: events with their recipients, quarantined messages, and the position or the
 * receipt, all or nothing, in one round trip.
 *
 * An event that its cloud named is written only if none of that name is recorded. The statement has no part for names when
 * no event of the batch has one.
 *
 * It writes only while the process still has its lease row (else whoever takes over would miss these events), and on
 * Kafka only when the stored position is where the batch begins: past it, some of the batch is recorded already; before
 * it, records in between would never be.
 */
import { sql, type RawBuilder } from 'kysely';

import { envelopeFacts, factNames } from '../../event/envelope.ts';
import type { Envelope } from '../../event/envelope.ts';
import { provenFacts, provenNames } from '../../event/event.ts';
import type { Proven } from '../../event/event.ts';
import { deliveryId } from '../../event/id.ts';
import { texts, uuids } from '../sql/columns.ts';
import { dueOld } from '../connection/listener.ts';
import { positionParts, replayedPart } from './kafka-parts.ts';
import type { PositionMove, ReplayedDeliveries } from './kafka-parts.ts';
import { keyHash } from '../event/event-key.ts';
import type { Database } from '../database.ts';

export interface EventToRecord extends Proven {
  readonly id: string;
  readonly envelope: Envelope;
  readonly body: string;
  /** IDs of its recipients, the webhooks it is owed to. */
  readonly owed: readonly string[];
  /** The name that the cloud gave the event, unique within its source; see NormalizedEvent. */
  readonly key?: string;
  /** Those recipients whose deliveries get rows from the beginning. Absent, rather than empty. */
  readonly queued?: readonly QueuedDelivery[];
}

export interface QueuedDelivery {
  readonly webhookId: string;
  /** Whether it waits for those before it to the same webhook that are of the same entity. */
  readonly inOrder: boolean;
}

export interface MessageToQuarantine {
  readonly id: string;
  readonly position: string;
  readonly routingKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly body: Uint8Array | null;
  /** Index in its message of the one item that is put aside; absent where it is the whole message. */
  readonly item?: number;
  /** The sender's own id of the message, by which it is put aside once however often it is sent. */
  readonly sendingId?: string;
}

export interface BatchRows {
  readonly processId: number;
  readonly source: string;
  readonly events: readonly EventToRecord[];
  readonly quarantined: readonly MessageToQuarantine[];
  /** Kafka: where the batch begins and ends, and the offset of each of its events. */
  readonly position?: PositionMove;
  /** Deliveries to make of events that are recorded already. */
  readonly replayed?: ReplayedDeliveries;
  /** The one message comes out of the quarantine. With a reason it stays there, for that one; without, it is deleted. */
  readonly redrive?: { readonly id: string; readonly reason?: string };
  /** RabbitMQ: the hashes of this batch to keep, and the IDs of older receipts of the consumer to delete. */
  readonly receipt?: {
    readonly consumerId: string;
    readonly hashes: readonly string[];
    readonly forget: readonly string[];
  };
}

export type BatchResult =
  | {
      readonly kind: 'recorded';
      readonly receiptId?: string;
      /** IDs of the events that were left out, because events of the same name are recorded. */
      readonly known: ReadonlySet<string>;
    }
  | { readonly kind: 'lease-lost' }
  /** The stored position is not where the batch begins. Nothing was written. */
  | { readonly kind: 'position-elsewhere' }
  /** The redriven message is not in the quarantine any more. Nothing was written. */
  | { readonly kind: 'redriven-before' };

export async function recordBatch(database: Database, rows: BatchRows): Promise<BatchResult> {
  const keys = keysOf(rows);
  const queued = rows.events.filter(event => event.queued !== undefined);
  const parts = [
    heldPart(rows),
    ...(rows.position ? positionParts(rows.source, idsOf(rows.events), rows.position) : []),
    ...(rows.redrive ? [redrivePart(rows.redrive)] : []),
    ...(keys.length > 0 ? [keyPart(keys)] : []),
    ...(rows.events.length > 0 ? [eventPart(rows, keys)] : []),
    ...(queued.length > 0 ? [queuedPart(queued, keys)] : []),
    ...(rows.replayed ? [replayedPart(rows.replayed)] : []),
    ...(rows.quarantined.length > 0 ? [quarantinePart(rows, keys)] : []),
    ...(rows.receipt ? receiptParts(rows, rows.receipt) : []),
  ];
  const { rows: answers } = await sql<{
    held: boolean;
    allowed: boolean;
    receipt_id: string | null;
    known?: readonly string[];
  }>`with ${sql.join(parts)}
    select exists (select from held) as held, exists (select from allowed) as allowed,
      ${rows.receipt ? sql`(select id from made)` : sql`null`} as receipt_id
      ${keys.length > 0 ? knownColumn(keys) : sql``}
      ${queued.length > 0 ? notifyDue : sql``}
      ${rows.replayed ? sql`, pg_notify('hookline', ${dueOld})` : sql``}`.execute(database);
  const [answer] = answers;
  if (!answer?.held) return { kind: 'lease-lost' };
  if (!answer.allowed) return { kind: rows.redrive ? 'redriven-before' : 'position-elsewhere' };
  return {
    kind: 'recorded',
    receiptId: answer.receipt_id ?? undefined,
    known: new Set(answer.known),
  };
}

// The lock makes a take-over wait until this batch is recorded, or this batch be refused.
function heldPart(rows: BatchRows) {
  const held = sql`held as (select id from process where id = ${rows.processId} for key share)`;
  return rows.position || rows.redrive ? held : sql`${held}, allowed as (select from held)`;
}

// When two redrive a message at once, the second finds no row and records nothing.
function redrivePart({ id, reason }: NonNullable<BatchRows['redrive']>) {
  const change =
    reason === undefined
      ? sql`delete from quarantine`
      : sql`update quarantine set reason = ${reason}`;
  return sql`allowed as (${change} where id = ${id} and exists (select from held) returning 1)`;
}

const idsOf = (events: readonly EventToRecord[]) => events.map(({ id }) => id);

interface Key {
  readonly hash: string;
  readonly eventId: string;
}

function keysOf({ source, events, quarantined }: BatchRows): readonly Key[] {
  const refused = quarantined.map(({ id, item = 'all', sendingId }) => ({
    id,
    key: sendingId === undefined ? undefined : `refused:${item}:${sendingId}`,
  }));
  return [...events, ...refused].flatMap(({ id, key }) =>
    key === undefined ? [] : [{ hash: keyHash(source, key), eventId: id }],
  );
}

/**
 * Inserting waits for a key that another statement has inserted and not yet committed. All statements insert keys in the
 * same order, so no two wait for each other. Within a batch the first event of a key is recorded.
 */
function keyPart(keys: readonly Key[]) {
  return sql`keyed as (
    insert into event_key (hash, event_id)
    select k.hash, k.event_id
    from allowed, unnest(${uuids(keys.map(key => key.hash))}, ${keyedIds(keys)}) as k(hash, event_id)
    order by k.hash, k.event_id
    on conflict (hash) do nothing returning event_id)`;
}

const keyedIds = (keys: readonly Key[]) => uuids(keys.map(key => key.eventId));

function knownColumn(keys: readonly Key[]) {
  return sql`, array(select k.event_id from unnest(${keyedIds(keys)}) as k(event_id)
    where k.event_id not in (select event_id from keyed))::text[] as known`;
}

/** Condition: no event of the same key is recorded. @param column holds the event's ID. */
function isNew(keys: readonly Key[], column: string) {
  if (keys.length === 0) return sql``;
  const id = sql.ref(column);
  return sql`and (${id} in (select event_id from keyed) or ${id} not in (select unnest(${keyedIds(keys)})))`;
}

function eventPart({ processId, source, events }: BatchRows, keys: readonly Key[]) {
  const columns = [
    ...statedColumns(events),
    { name: 'body', cast: '', values: texts(events.map(event => event.body)) },
    { name: 'owed', cast: '::uuid[]', values: texts(events.map(({ owed }) => `{${owed.join()}}`)) },
  ];
  const names = sql.raw(columns.map(({ name }) => name).join(', '));
  return sql`recorded as (
    insert into event (process_id, source, id, ${names})
    select ${processId}::int, ${source}::text, r.id,
      ${sql.raw(columns.map(({ name, cast }) => `r.${name}${cast}`).join(', '))}
    from unnest(${uuids(idsOf(events))}, ${sql.join(columns.map(({ values }) => values))}) as r(id, ${names})
    where exists (select from allowed) ${isNew(keys, 'r.id')})`;
}

/** A column whose values travel as text. */
interface Column {
  readonly name: string;
  readonly cast: string;
  readonly values: RawBuilder<unknown>;
}

/** Facts that no event of the batch states are left out: most clouds state half of them, and each column costs a little for every row. */
function statedColumns(events: readonly EventToRecord[]): readonly Column[] {
  const facts = factNames.flatMap(fact => {
    const values = events.map(({ envelope }) => factText(envelope[fact]));
    const { column: name, kind } = envelopeFacts[fact];
    return values.some(isStated) ? [{ name, cast: casts[kind], values: texts(values) }] : [];
  });
  const proven = provenNames.flatMap(fact => {
    const values = events.map(event => event[fact] ?? null);
    const name = provenFacts[fact].column;
    return values.some(isStated) ? [{ name, cast: '', values: texts(values) }] : [];
  });
  return [...facts, ...proven];
}

const isStated = (value: string | null): boolean => value !== null;

const casts = { category: '', name: '', text: '', instant: '::timestamptz', object: '::jsonb' };

const factText = (value?: string | object): string | null =>
  typeof value === 'object' ? JSON.stringify(value) : (value ?? null);

/** Inserts deliveries before their first attempt, due at once. */
function queuedPart(events: readonly EventToRecord[], keys: readonly Key[]) {
  const rows = events.flatMap(({ id, envelope: { entityuuid = null }, queued = [] }) =>
    queued.map(({ webhookId, inOrder }) => ({ id, webhookId, key: inOrder ? entityuuid : null })),
  );
  return sql`queued as (
    insert into delivery (id, event_id, webhook_id, order_key, kind, state, tries, next_attempt_at, created_at)
    select r.id, r.event_id, r.webhook_id, r.order_key, 'event', 'pending', 0, now(), now()
    from unnest(
      ${uuids(rows.map(row => deliveryId(row.id, row.webhookId)))}, ${uuids(rows.map(row => row.id))},
      ${uuids(rows.map(row => row.webhookId))}, ${texts(rows.map(row => row.key))}
    ) as r(id, event_id, webhook_id, order_key)
    where exists (select from allowed) ${isNew(keys, 'r.event_id')})`;
}

const notifyDue = sql`, pg_notify('hookline', 'due')`;

function quarantinePart({ source, quarantined }: BatchRows, keys: readonly Key[]) {
  const column = <T>(pick: (message: MessageToQuarantine) => T): T[] => quarantined.map(pick);
  return sql`parked as (
    insert into quarantine (id, source, position, routing_key, headers, reason, body, item, sending_id)
    select r.id, ${source}, r.position, r.routing_key, r.headers, r.reason, r.body, r.item, r.sending_id
    from unnest(
      ${column(message => message.id)}::uuid[], ${column(message => message.position)}::text[],
      ${column(message => message.routingKey ?? null)}::text[],
      ${column(message => (message.headers ? JSON.stringify(message.headers) : null))}::jsonb[],
      ${column(message => message.reason)}::text[],
      ${column(message => (message.body ? Buffer.from(message.body) : null))}::bytea[],
      ${column(message => message.item ?? null)}::int[], ${column(message => message.sendingId ?? null)}::text[]
    ) as r(id, position, routing_key, headers, reason, body, item, sending_id)
    where exists (select from allowed) ${isNew(keys, 'r.id')} on conflict (id) do nothing)`;
}

function receiptParts(rows: BatchRows, receipt: NonNullable<BatchRows['receipt']>) {
  const made = sql`made as (
    insert into receipt (source, consumer_id, hashes)
    select ${rows.source}, ${receipt.consumerId}, ${uuids(receipt.hashes)} from allowed returning id)`;
  if (receipt.forget.length === 0) return [made];
  return [
    made,
    sql`forgotten as (delete from receipt where id = any(${[...receipt.forget]}::bigint[])
      and exists (select from allowed))`,
  ];
}
