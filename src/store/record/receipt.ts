/** Finds which redelivered RabbitMQ messages are recorded already. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';

/**
 * Runs in the transaction that then records the batch. Consumes one remembered hash for each message that is found: of two byte-identical messages of which one was
 * recorded, one is found and the other is new. The caller records the found hashes again under its own consumer,
 * in case the broker gives these messages back once more.
 *
 * @param hashes of the redelivered messages, one each, repeated where messages are identical.
 * @returns how many of each hash were recorded before; absent means none.
 */
export async function takeReceipts(
  database: Database,
  source: string,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const wanted = new Map<string, number>();
  for (const hash of hashes) wanted.set(hash, (wanted.get(hash) ?? 0) + 1);
  const { rows } = await sql<{
    id: string;
    hashes: string[];
  }>`select id, hashes::text[] as hashes from receipt
      where source = ${source} and hashes && ${[...wanted.keys()]}::uuid[] order by id for update`.execute(
    database,
  );
  for (const row of rows) {
    const left = row.hashes.filter(hash => !takeOne(hash, wanted, found));
    await sql`update receipt set hashes = ${left}::uuid[] where id = ${row.id}`.execute(database);
  }
  return found;
}

function takeOne(hash: string, wanted: Map<string, number>, found: Map<string, number>): boolean {
  const count = wanted.get(hash) ?? 0;
  if (count === 0) return false;
  wanted.set(hash, count - 1);
  found.set(hash, (found.get(hash) ?? 0) + 1);
  return true;
}

/** Deletes the receipts of former consumers: their messages were redelivered and settled since, or their queue is gone. */
export async function deleteReceipts(database: Database, before: Date): Promise<void> {
  await database.deleteFrom('receipt').where('createdAt', '<', before.toISOString()).execute();
}
