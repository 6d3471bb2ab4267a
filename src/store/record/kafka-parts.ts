/** The parts of the recording statement for what Kafka brought. */
import { sql } from 'kysely';

import { furtherId } from '../delivery/redeliver.ts';
import { uuids } from '../sql/columns.ts';

export interface PositionMove {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's own id of the topic, where it is known. */
  readonly topicId?: string | undefined;
  /** Where it was read from: the stored position must not be below. */
  readonly fromOffset: bigint;
  /** The offset of the first record, which may be higher; the stored position must not be above. */
  readonly firstOffset: bigint;
  readonly nextOffset: bigint;
  /** The offset of each of `events`. */
  readonly offsets: readonly bigint[];
}

export interface ReplayedDeliveries {
  /** The operator's wish that they are made for. */
  readonly id: string;
  readonly deliveries: readonly { readonly eventId: string; readonly webhookId: string }[];
}

/**
 * Moves the position, which permits the rest of the statement, and keeps which events the records became.
 *
 * @param eventIds of the events, in the order of `position.offsets`.
 */
export function positionParts(source: string, eventIds: readonly string[], position: PositionMove) {
  const {
    topic,
    partition,
    topicId = null,
    fromOffset,
    firstOffset,
    nextOffset,
    offsets,
  } = position;
  const next = sql`${nextOffset.toString()}::bigint`;
  const allowed = sql`allowed as (
    update source_position set next_offset = ${next}, updated_at = now(),
      topic_id = coalesce(${topicId}::text, topic_id),
      replay_id = case when replay_until > ${next} then replay_id end,
      replay_until = case when replay_until > ${next} then replay_until end
    from held
    where source = ${source} and topic = ${topic} and partition = ${partition}::int
      and next_offset between ${fromOffset.toString()}::bigint and ${firstOffset.toString()}::bigint
      and (topic_id is null or topic_id = coalesce(${topicId}::text, topic_id))
    returning 1)`;
  if (eventIds.length === 0) return [allowed];
  return [
    allowed,
    sql`spanned as (
    insert into recorded_span (source, topic, partition, topic_id, next_offset, offsets, event_ids)
    select ${source}, ${topic}, ${partition}::int, ${topicId}::text, ${next},
      ${offsets.map(String)}::bigint[], ${uuids(eventIds)} from allowed)`,
  ];
}

/** Inserts further deliveries, due at once. Their events may be of any day. */
export function replayedPart({ id, deliveries }: ReplayedDeliveries) {
  return sql`replayed as (
    insert into delivery (id, event_id, webhook_id, kind, state, tries, next_attempt_at, created_at, replay_id)
    select ${furtherId('r.event_id')}, r.event_id, r.webhook_id, 'replay', 'pending', 0, now(), now(), ${id}::uuid
    from unnest(${uuids(deliveries.map(one => one.eventId))}, ${uuids(deliveries.map(one => one.webhookId))})
      as r(event_id, webhook_id)
    where exists (select from allowed))`;
}
