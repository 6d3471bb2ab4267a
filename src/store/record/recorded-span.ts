/** Finds the events that records of a Kafka partition became, when an operator has them read again. */
import { sql } from 'kysely';

import type { OffsetSpan } from '../../event/message.ts';
import type { Database } from '../database.ts';

/**
 * @returns the ids of each record's events that are still there, by its offset, in their order in the record. Where a
 *   record was recorded twice, after the log had lost its end, those of the later time.
 */
export async function findRecordedEvents(
  database: Database,
  source: string,
  { topic, partition, topicId, offsets }: OffsetSpan,
): Promise<ReadonlyMap<bigint, readonly string[]>> {
  const [first] = offsets;
  const last = offsets.at(-1);
  if (first === undefined || last === undefined) return new Map();
  const ofPartition = sql`s.source = ${source} and s.topic = ${topic} and s.partition = ${partition}::int
    and (s.topic_id is null or s.topic_id = coalesce(${topicId ?? null}::text, s.topic_id))`;
  // The spans of a partition follow each other: none beyond the first that reaches past the last offset is looked at.
  const { rows } = await sql<{ span: string; at: string; id: string }>`
    select s.id as span, o.at::text, o.id
    from recorded_span s, unnest(s.offsets, s.event_ids) with ordinality as o(at, id, n)
    where ${ofPartition} and s.next_offset > ${`${first}`}::bigint
      and s.next_offset <= coalesce((select min(s.next_offset) from recorded_span s
        where ${ofPartition} and s.next_offset > ${`${last}`}::bigint), ${`${last}`}::bigint)
      and o.at between ${`${first}`}::bigint and ${`${last}`}::bigint
      and exists (select from event e where e.id = o.id)
    order by s.id, o.n`.execute(database);
  const found = new Map<bigint, { readonly span: string; readonly ids: string[] }>();
  for (const { span, at, id } of rows) {
    const offset = BigInt(at);
    const known = found.get(offset);
    if (known?.span === span) known.ids.push(id);
    else found.set(offset, { span, ids: [id] });
  }
  return new Map([...found].map(([offset, { ids }]) => [offset, ids]));
}

/** Deletes what says of batches what events they became, when those are gone. */
export async function deleteRecordedSpans(database: Database, before: Date): Promise<void> {
  await database
    .deleteFrom('recorded_span')
    .where('createdAt', '<', before.toISOString())
    .execute();
}
