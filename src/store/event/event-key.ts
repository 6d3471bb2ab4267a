/** Keys of recorded events: hashes of the names that clouds gave them. */
import { hash } from 'node:crypto';

import { sql } from 'kysely';

import { uuids } from '../sql/columns.ts';
import type { Database } from '../database.ts';
import { firstIdAt } from '../sql/keyset.ts';

/** Hashes a name to 128 bits, written as a UUID. @param key unique within the source. */
export function keyHash(source: string, key: string): string {
  const hex = hash('sha256', `${source}\0${key}`, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** Finds the ids of the events recorded under these keys, by hash; a hash left out is not recorded, or no longer known. */
export async function findKnownEvents(
  database: Database,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ hash: string; event_id: string }>`
    select hash, event_id from event_key where hash = any(${uuids(hashes)})`.execute(database);
  return new Map(rows.map(row => [row.hash, row.event_id]));
}

/** Maximum number of keys deleted in one statement. */
const chunkRows = 10_000;

/** Deletes the keys of events recorded before an instant. */
export async function deleteEventKeys(database: Database, before: Date): Promise<void> {
  for (;;) {
    const { numAffectedRows } = await sql`delete from event_key where ctid = any(array(
      select ctid from event_key where event_id < ${firstIdAt(before)}::uuid
      order by event_id limit (select ${chunkRows}::int)))`.execute(database);
    if (Number(numAffectedRows ?? 0) < chunkRows) return;
  }
}
