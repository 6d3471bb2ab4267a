/** Which events are recorded already, by the names their cloud gave them. */
import { hash } from 'node:crypto';

import { sql } from 'kysely';

import { uuids } from '../sql/columns.ts';
import type { Database } from '../database.ts';
import { firstIdAt } from '../sql/keyset.ts';

/** 128 bits in the form of a UUID. @param key unique on this source. */
export function keyHash(source: string, key: string): string {
  const hex = hash('sha256', `${source}\0${key}`, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** The ids of the events recorded under these keys, by hash; a hash without one is not recorded, or forgotten. */
export async function findKnownEvents(
  database: Database,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ hash: string; event_id: string }>`
    select hash, event_id from event_key where hash = any(${uuids(hashes)})`.execute(database);
  return new Map(rows.map(row => [row.hash, row.event_id]));
}

/** Forgets the keys of events recorded before. */
export async function deleteEventKeys(database: Database, before: Date): Promise<void> {
  await database.deleteFrom('event_key').where('eventId', '<', firstIdAt(before)).execute();
}
