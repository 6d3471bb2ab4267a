/** Finds out what is recorded already of a batch whose answer was lost. */
import { sql } from 'kysely';

import { inTransaction, type Store } from '../database.ts';
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
