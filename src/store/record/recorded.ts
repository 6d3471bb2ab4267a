/** What is recorded already: of a batch whose answer was lost, and of a partition. */
import { sql } from 'kysely';

import { inTransaction, type Database, type Store } from '../database.ts';

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
