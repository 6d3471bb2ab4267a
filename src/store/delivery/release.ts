/** Releases claims: of a process that was taken over, or that never got the answer to its claim. */
import { sql, type RawBuilder } from 'kysely';

import { type Database, inTransaction, type Store } from '../database.ts';
import { isOneOf } from '../sql/row-ids.ts';

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
    const held = new Set(heldIds);
    const claimed = await claimedBy(database, processId);
    return release(
      database,
      processId,
      claimed.filter(id => !held.has(id)),
    );
  });
}

/** Makes due again what a process has claimed. @returns the number of released deliveries. */
export async function releaseClaims(database: Database, processId: number): Promise<number> {
  return release(database, processId, await claimedBy(database, processId));
}

/** Lists the ids of a process's claims. The range, of a single number, keeps the order one that only the index of claims has. */
async function claimedBy(database: Database, processId: number): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from delivery where state = 'delivering' and process_id >= ${processId} and process_id <= ${processId}
    order by process_id limit (select ${claimsMax}::int)`.execute(database);
  return rows.map(({ id }) => id);
}

/** Maximum number of claims of a process: more than any window holds. */
const claimsMax = 1_000_000;

async function release(
  database: Database,
  processId: number,
  ids: readonly string[],
): Promise<number> {
  if (ids.length === 0) return 0;
  const { numAffectedRows } = await sql`
    update delivery d set state = 'pending', process_id = null, next_attempt_at = now()
    where ${isOneOf('d.id', ids)} and ${isClaimedBy('d', processId)}`.execute(database);
  return Number(numAffectedRows ?? 0);
}

/**
 * Condition on rows that are found by their ids. No index supports `is not distinct from`: with `process_id = …` PostgreSQL
 * may search all that the process has claimed.
 */
export const isClaimedBy = (alias: string, processId: number): RawBuilder<unknown> =>
  sql`${sql.ref(`${alias}.process_id`)} is not distinct from ${processId}::int
    and ${sql.ref(`${alias}.state`)} = 'delivering'`;
