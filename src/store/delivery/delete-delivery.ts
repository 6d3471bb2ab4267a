/**
 * Deletes deliveries on request.
 *
 * Above its process's watermark, a delivery's row is what shows that the delivery is owed no more: a take-over makes due
 * whatever an event owes and has no row (`record/lease.ts`). So such a row is deleted together with its webhook's id in
 * `event.owed`. Locking the processes' rows for key share keeps out a take-over that has read one of the two already.
 * Recording and renewing do not conflict with that lock, so only a take-over waits for it, no longer than this
 * transaction.
 */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import { isOneOf } from '../sql/row-ids.ts';
import type { Row } from '../schema/tables.ts';
import { allOf, type Condition } from '../sql/condition.ts';
import { forEachWindow, wantedDeliveries } from './sweep.ts';
import type { Sweep, Swept } from './sweep.ts';

type Found = Pick<Row<'delivery'>, 'id' | 'eventId'>;

/** Deletes one delivery. To be called in a transaction. @returns `delivering` when a process is at work on it; it stays. */
export async function deleteDelivery(
  database: Database,
  id: string,
): Promise<'deleted' | 'delivering' | 'missing'> {
  await holdProcesses(database);
  const row = await database
    .selectFrom('delivery')
    .select(['id', 'eventId', 'webhookId', 'state'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (!row) return 'missing';
  if (row.state === 'delivering') return 'delivering';
  await deleteRows(database, row.webhookId, [row]);
  return 'deleted';
}

/** Deletes what a sweep finds, except deliveries in progress. To be called in a transaction. */
export async function deleteDeliveries(database: Database, sweep: Sweep): Promise<Swept> {
  await holdProcesses(database);
  return forEachWindow(database, sweep, async window => {
    const found = await sql<{ id: string }>`
      select d.id from ${wantedDeliveries(sweep, window)}`.execute(database);
    const ids = found.rows.map(({ id }) => id);
    const rows = await database
      .selectFrom('delivery')
      .select(['id', 'eventId'])
      .where(isOneOf('id', ids))
      .where('state', '<>', 'delivering')
      .where(eb => eb.and({ state: sweep.state }))
      .forUpdate()
      .execute();
    await deleteRows(database, sweep.webhookId, rows);
    return rows.length;
  });
}

/**
 * Deletes up to `limit` deliveries of any webhooks, oldest first, except those in progress. To be called in a transaction.
 *
 * @param wanted condition on `delivery d`.
 */
export async function deleteWanted(
  database: Database,
  wanted: Condition,
  limit: number,
): Promise<number> {
  await holdProcesses(database);
  const rows = await database
    .selectFrom('delivery as d')
    .select(['d.id', 'd.eventId', 'd.webhookId'])
    .where(allOf([wanted]))
    .where('d.state', '<>', 'delivering')
    .orderBy('d.id')
    .limit(limit)
    .forUpdate()
    .execute();
  const byWebhook = Map.groupBy(rows, ({ webhookId }) => webhookId);
  for (const [webhookId, found] of byWebhook) await deleteRows(database, webhookId, found);
  return rows.length;
}

async function holdProcesses(database: Database): Promise<void> {
  await database.selectFrom('process').select('id').orderBy('id').forKeyShare().execute();
}

async function deleteRows(
  database: Database,
  webhookId: string,
  rows: readonly Found[],
): Promise<void> {
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  const eventIds = rows.map(({ eventId }) => eventId);
  await sql`update event e set owed = array_remove(e.owed, ${webhookId}::uuid)
    where ${isOneOf('e.id', eventIds)} and exists (select from process p
      where p.id = e.process_id and p.watermark < e.id)`.execute(database);
  await database.deleteFrom('attempt').where(isOneOf('delivery_id', ids)).execute();
  await database.deleteFrom('delivery').where(isOneOf('id', ids)).execute();
}
