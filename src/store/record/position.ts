/** The positions of Kafka's partitions: read, and changed where something other than recording moves them. */
import { sql } from 'kysely';

import type { PositionChange, StoredPosition, StoredPositions } from '../../event/message.ts';
import { inTransaction, type Database, type Store } from '../database.ts';

interface PositionRow {
  readonly topic: string;
  readonly partition: number;
  readonly topic_id: string | null;
  readonly start_offset: string;
  readonly next_offset: string;
  readonly replay_id: string | null;
  readonly replay_until: string | null;
  readonly lost: string;
  readonly lost_at: string | null;
}

export async function listPositions(database: Database, source: string): Promise<StoredPositions> {
  const history = await database.selectFrom('history').select('id').executeTakeFirstOrThrow();
  const { rows } = await sql<PositionRow>`
    select topic, partition, topic_id, start_offset::text, next_offset::text, replay_id, replay_until::text, lost::text,
      lost_at
    from source_position where source = ${source} order by topic, partition`.execute(database);
  return {
    history: history.id,
    positions: rows.map(toPosition),
    lost: rows.reduce((sum, row) => sum + BigInt(row.lost), 0n),
    lostAt: rows
      .flatMap(row => row.lost_at ?? [])
      .toSorted()
      .at(-1),
  };
}

/** Finds how far one partition is recorded; undefined when nothing is stored of it. */
export async function findPosition(
  database: Database,
  { source, topic, partition }: { source: string; topic: string; partition: number },
): Promise<StoredPosition | undefined> {
  const { positions } = await listPositions(database, source);
  return positions.find(one => one.topic === topic && one.partition === partition);
}

function toPosition(row: PositionRow): StoredPosition {
  const { topic, partition, topic_id, replay_id, replay_until } = row;
  return {
    topic,
    partition,
    topicId: topic_id ?? undefined,
    startOffset: BigInt(row.start_offset),
    nextOffset: BigInt(row.next_offset),
    ...(replay_id !== null &&
      replay_until !== null && { replay: { id: replay_id, untilOffset: BigInt(replay_until) } }),
  };
}

/**
 * Stores all changes, or none where a position is not any more what it was: another process recorded, or decided, in
 * the meantime.
 *
 * @returns whether they were stored.
 */
export async function changePositions(
  store: Store,
  source: string,
  changes: readonly PositionChange[],
): Promise<boolean> {
  try {
    await inTransaction(store, async database => {
      for (const change of changes) {
        const { numAffectedRows } = await write(database, source, change);
        if (numAffectedRows !== 1n) throw new OvertakenError();
      }
    });
    return true;
  } catch (error) {
    if (error instanceof OvertakenError) return false;
    throw error;
  }
}

/** Rolls the transaction back; caught above. */
class OvertakenError extends Error {
  override readonly name = 'OvertakenError';
}

async function write(database: Database, source: string, { before, after, lost }: PositionChange) {
  const { topic, partition, topicId = null, startOffset, nextOffset, replay } = after;
  const texts = { start: `${startOffset}`, next: `${nextOffset}`, until: replay?.untilOffset };
  const until = texts.until === undefined ? null : `${texts.until}`;
  if (!before) {
    return sql`
      insert into source_position
        (source, topic, partition, topic_id, start_offset, next_offset, replay_id, replay_until, lost, lost_at)
      values (${source}, ${topic}, ${partition}, ${topicId}, ${texts.start}, ${texts.next}, ${replay?.id ?? null},
        ${until}, ${`${lost}`}, case when ${`${lost}`}::bigint > 0 then now() end)
      on conflict do nothing`.execute(database);
  }
  return sql`
    update source_position set topic_id = ${topicId}, start_offset = ${texts.start}, next_offset = ${texts.next},
      replay_id = ${replay?.id ?? null}, replay_until = ${until}, updated_at = now(),
      lost = lost + ${`${lost}`}::bigint,
      lost_at = case when ${`${lost}`}::bigint > 0 then now() else lost_at end
    where source = ${source} and topic = ${topic} and partition = ${partition}
      and next_offset = ${`${before.nextOffset}`}::bigint
      and topic_id is not distinct from ${before.topicId ?? null}`.execute(database);
}
