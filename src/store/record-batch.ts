/**
 * The statement that makes a batch durable: events with what they owe, the quarantine, the position or the
 * receipt, all or nothing, in one round trip.
 *
 * It writes only while the process still has its lease row (else whoever takes over would miss these events), and on
 * Kafka only when the stored position is not past the batch's first record (else some of it is recorded already).
 */
import { sql } from 'kysely';

import type { Envelope } from '../event/event.ts';
import { texts, uuids } from './columns.ts';
import { inTransaction, type Database, type Store } from './open.ts';

export interface EventToRecord {
  readonly id: string;
  readonly envelope: Envelope;
  readonly body: string;
  /** Ids of the webhooks it is owed to. */
  readonly owed: readonly string[];
}

export interface MessageToQuarantine {
  readonly id: string;
  readonly position: string;
  readonly routingKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly body: Uint8Array | null;
}

export interface BatchRows {
  readonly processId: number;
  readonly source: string;
  readonly events: readonly EventToRecord[];
  readonly quarantined: readonly MessageToQuarantine[];
  /** Kafka: the span from the first record of the batch to one past its last. */
  readonly position?: {
    readonly topic: string;
    readonly partition: number;
    /** Kafka's own id of the topic, where it is known. */
    readonly topicId?: string | undefined;
    readonly firstOffset: bigint;
    readonly nextOffset: bigint;
  };
  /** The one message was in the quarantine: with a reason it stays there for that one, without it leaves. */
  readonly retry?: { readonly id: string; readonly reason?: string };
  /** RabbitMQ: what to remember of this batch, and which older receipts of the consumer to forget. */
  readonly receipt?: {
    readonly consumerId: string;
    readonly hashes: readonly string[];
    readonly forget: readonly string[];
  };
}

export type BatchResult =
  | { readonly kind: 'recorded'; readonly receiptId?: string }
  | { readonly kind: 'lease-lost' }
  /** The stored position is past the batch's first record. Nothing was written. */
  | { readonly kind: 'position-ahead' }
  /** The message to retry is not in the quarantine any more. Nothing was written. */
  | { readonly kind: 'retried-before' };

export async function recordBatch(database: Database, rows: BatchRows): Promise<BatchResult> {
  const parts = [
    heldPart(rows),
    ...(rows.position ? [positionPart(rows, rows.position)] : []),
    ...(rows.retry ? [retryPart(rows.retry)] : []),
    ...(rows.events.length > 0 ? [eventPart(rows)] : []),
    ...(rows.quarantined.length > 0 ? [quarantinePart(rows)] : []),
    ...(rows.receipt ? receiptParts(rows, rows.receipt) : []),
  ];
  const { rows: answers } = await sql<{
    held: boolean;
    allowed: boolean;
    receipt_id: string | null;
  }>`with ${sql.join(parts)}
    select exists (select from held) as held, exists (select from allowed) as allowed,
      ${rows.receipt ? sql`(select id from made)` : sql`null`} as receipt_id`.execute(database);
  const [answer] = answers;
  if (!answer?.held) return { kind: 'lease-lost' };
  if (!answer.allowed) return { kind: rows.retry ? 'retried-before' : 'position-ahead' };
  return {
    kind: 'recorded',
    ...(answer.receipt_id !== null && { receiptId: answer.receipt_id }),
  };
}

/**
 * Which events of a batch are recorded after all, when the connection broke before the answer came.
 *
 * Recording holds a key-share lock on the process's row. Taking the row for update therefore waits for a statement
 * that is still running on the broken connection, so the answer is final.
 *
 * @returns the recorded ids, and whether the process still holds its lease; when not, they have delivery rows.
 */
export async function findRecorded(
  store: Store,
  processId: number,
  eventIds: readonly string[],
): Promise<{ readonly ids: ReadonlySet<string>; readonly held: boolean }> {
  return inTransaction(store, async database => {
    const lease = await sql`select from process where id = ${processId} for update`.execute(
      database,
    );
    const { rows } = await sql<{ id: string }>`select id from event
      where id = any(${[...eventIds]}::uuid[])`.execute(database);
    return { ids: new Set(rows.map(row => row.id)), held: lease.rows.length > 0 };
  });
}

/** How far a partition is recorded, and of which topic; undefined when nothing of it ever was. */
export async function storedPosition(
  database: Database,
  key: { source: string; topic: string; partition: number },
): Promise<{ readonly nextOffset: bigint; readonly topicId: string | null } | undefined> {
  const { rows } = await sql<{ next_offset: string; topic_id: string | null }>`
    select next_offset, topic_id from source_position
    where source = ${key.source} and topic = ${key.topic} and partition = ${key.partition}`.execute(
    database,
  );
  const [row] = rows;
  return row && { nextOffset: BigInt(row.next_offset), topicId: row.topic_id };
}

/** Forgets how far a partition is recorded, when the topic proves to be another one of the same name. */
export async function forgetOffset(
  database: Database,
  key: { source: string; topic: string; partition: number },
): Promise<void> {
  await sql`delete from source_position
    where source = ${key.source} and topic = ${key.topic} and partition = ${key.partition}`.execute(
    database,
  );
}

// The lock keeps a take-over waiting until this batch is in, or keeps this batch out.
function heldPart(rows: BatchRows) {
  const held = sql`held as (select id from process where id = ${rows.processId} for key share)`;
  return rows.position || rows.retry ? held : sql`${held}, allowed as (select from held)`;
}

// A position of another topic of the same name says nothing of this one: it begins anew.
function positionPart(rows: BatchRows, position: NonNullable<BatchRows['position']>) {
  return sql`allowed as (
    insert into source_position as stored (source, topic, partition, next_offset, topic_id)
    select ${rows.source}, ${position.topic}, ${position.partition}::int, ${position.nextOffset.toString()}::bigint,
      ${position.topicId ?? null}::text
      from held
    on conflict (source, topic, partition) do update
      set next_offset = excluded.next_offset, updated_at = now(),
        topic_id = coalesce(excluded.topic_id, stored.topic_id)
      where stored.next_offset <= ${position.firstOffset.toString()}::bigint
        or stored.topic_id <> excluded.topic_id
    returning 1)`;
}

// Of two who retry at once, the second finds no row, and records nothing.
function retryPart({ id, reason }: NonNullable<BatchRows['retry']>) {
  const change =
    reason === undefined
      ? sql`delete from quarantine`
      : sql`update quarantine set reason = ${reason}`;
  return sql`allowed as (${change} where id = ${id} and exists (select from held) returning 1)`;
}

function eventPart({ processId, source, events }: BatchRows) {
  const fact = (name: Exclude<keyof Envelope, 'details'>) =>
    texts(events.map(({ envelope }) => envelope[name] ?? null));
  return sql`recorded as (
    insert into event (process_id, source, id, category, event, entity, entityuuid, account, user_id, project,
      domain, status, event_date_time, description, origin, details, body, owed)
    select ${processId}::int, ${source}::text, r.id, r.category, r.event, r.entity, r.entityuuid, r.account, r.user_id,
      r.project, r.domain, r.status, r.event_date_time::timestamptz, r.description, r.origin, r.details::jsonb, r.body,
      r.owed::uuid[]
    from unnest(
      ${uuids(events.map(event => event.id))}, ${fact('category')}, ${fact('event')}, ${fact('entity')},
      ${fact('entityuuid')}, ${fact('account')}, ${fact('user')}, ${fact('project')}, ${fact('domain')},
      ${fact('status')}, ${fact('eventDateTime')}, ${fact('description')}, ${fact('source')},
      ${texts(events.map(({ envelope }) => (envelope.details ? JSON.stringify(envelope.details) : null)))},
      ${texts(events.map(event => event.body))}, ${texts(events.map(event => `{${event.owed.join(',')}}`))}
    ) as r(id, category, event, entity, entityuuid, account, user_id, project, domain, status, event_date_time,
      description, origin, details, body, owed)
    where exists (select from allowed))`;
}

function quarantinePart({ source, quarantined }: BatchRows) {
  const column = <T>(pick: (message: MessageToQuarantine) => T): T[] => quarantined.map(pick);
  return sql`parked as (
    insert into quarantine (id, source, position, routing_key, headers, reason, body)
    select r.id, ${source}, r.position, r.routing_key, r.headers, r.reason, r.body
    from unnest(
      ${column(message => message.id)}::uuid[], ${column(message => message.position)}::text[],
      ${column(message => message.routingKey ?? null)}::text[],
      ${column(message => (message.headers ? JSON.stringify(message.headers) : null))}::jsonb[],
      ${column(message => message.reason)}::text[],
      ${column(message => (message.body ? Buffer.from(message.body) : null))}::bytea[]
    ) as r(id, position, routing_key, headers, reason, body)
    where exists (select from allowed) on conflict (id) do nothing)`;
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
