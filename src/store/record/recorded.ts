/** Finds out what is recorded already: events of a batch whose answer was lost, and positions of partitions. */
import { sql } from 'kysely';

import { inTransaction, type Database, type Store } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import { isOneOf } from '../sql/row-ids.ts';

/**
 * Finds which events of a batch are recorded after all, when the connection broke before the answer came.
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
    const rows = await database
      .selectFrom('event')
      .select('id')
      .where(isOneOf('id', eventIds))
      .execute();
    return { ids: new Set(rows.map(row => row.id)), held: lease.rows.length > 0 };
  });
}

type PartitionKey = Pick<Row<'source_position'>, 'source' | 'topic' | 'partition'>;

/** Finds how far a partition is recorded, and of which topic; undefined when none of it is. */
export async function findPosition(
  database: Database,
  { source, topic, partition }: PartitionKey,
): Promise<{ readonly nextOffset: bigint; readonly topicId: string | null } | undefined> {
  const row = await database
    .selectFrom('source_position')
    .select(['nextOffset', 'topicId'])
    .where(eb => eb.and({ source, topic, partition }))
    .executeTakeFirst();
  return row && { nextOffset: BigInt(row.nextOffset), topicId: row.topicId };
}

/** Deletes the position of a partition whose topic proves to be another one of the same name. */
export async function deletePosition(
  database: Database,
  { source, topic, partition }: PartitionKey,
): Promise<void> {
  await database
    .deleteFrom('source_position')
    .where(eb => eb.and({ source, topic, partition }))
    .execute();
}
