/**
 * Deletes deliveries because somebody wants them gone.
 *
 * A row of an event above its process's watermark is what tells that this delivery is owed no more: whoever takes over
 * from that process makes due what is owed and has no row (`lease.ts`). So such a row leaves together with its webhook's
 * place in `event.owed`. Holding the processes' rows for key share keeps a take-over, which has read the one and not yet
 * the other, from coming in between. Recording and renewing hold or pass that lock as well, so nobody waits for it but
 * a take-over, and no longer than this transaction.
 */
import { sql } from 'kysely';

import type { DeliveryState } from '../../event/delivery.ts';
import type { Database } from '../database.ts';
import type { Fragment } from '../sql/keyset.ts';
import { forEachWindow, wantedDeliveries } from './sweep.ts';
import type { Sweep, Swept } from './sweep.ts';

/** To be called in a transaction. @returns `delivering`: a process has it in its hands, and it stays. */
export async function deleteDelivery(
  database: Database,
  id: string,
): Promise<'deleted' | 'delivering' | 'missing'> {
  await holdProcesses(database);
  const { rows } = await sql<Found & { state: DeliveryState }>`
    select id, event_id as "eventId", webhook_id as "webhookId", state from delivery
    where id = ${id} for update`.execute(database);
  const [row] = rows;
  if (!row) return 'missing';
  if (row.state === 'delivering') return 'delivering';
  await deleteRows(database, row.webhookId, [row]);
  return 'deleted';
}

/** Deletes what the sweep finds, but for what is being delivered. To be called in a transaction. */
export async function deleteDeliveries(database: Database, sweep: Sweep): Promise<Swept> {
  await holdProcesses(database);
  return forEachWindow(database, sweep, async window => {
    const { rows } = await sql<Found>`
      select d.id, d.event_id as "eventId" from ${wantedDeliveries(sweep, window)}
        and d.state <> 'delivering' for update of d`.execute(database);
    await deleteRows(database, sweep.webhookId, rows);
    return rows.length;
  });
}

/**
 * Deletes what the condition on `delivery d` finds, of whatever webhooks, but for what is being delivered; the oldest
 * first and so many at most. To be called in a transaction.
 */
export async function deleteWanted(
  database: Database,
  wanted: Fragment,
  limit: number,
): Promise<number> {
  await holdProcesses(database);
  const { rows } = await sql<Found>`
    select d.id, d.event_id as "eventId", d.webhook_id as "webhookId" from delivery d
    where ${wanted} and d.state <> 'delivering' order by d.id limit ${limit} for update`.execute(
    database,
  );
  const byWebhook = Map.groupBy(rows, ({ webhookId }) => webhookId);
  for (const [webhookId, found] of byWebhook) await deleteRows(database, webhookId, found);
  return rows.length;
}

interface Found {
  readonly id: string;
  readonly eventId: string;
  readonly webhookId: string;
}

async function holdProcesses(database: Database): Promise<void> {
  await sql`select from process order by id for key share`.execute(database);
}

async function deleteRows(
  database: Database,
  webhookId: string,
  rows: readonly Pick<Found, 'id' | 'eventId'>[],
): Promise<void> {
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  const eventIds = rows.map(({ eventId }) => eventId);
  await sql`update event e set owed = array_remove(e.owed, ${webhookId}::uuid)
    where e.id = any(${eventIds}::uuid[]) and exists (select from process p
      where p.id = e.process_id and p.watermark < e.id)`.execute(database);
  await sql`delete from attempt where delivery_id = any(${ids}::uuid[])`.execute(database);
  await sql`delete from delivery where id = any(${ids}::uuid[])`.execute(database);
}
