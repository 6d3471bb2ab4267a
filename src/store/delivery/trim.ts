/** Deletes finished deliveries beyond the newest ones of each webhook. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import { alongOf, horizon, idMin } from '../sql/keyset.ts';
import { isOneOf } from '../sql/row-ids.ts';

/** Maximum number of rows deleted by one statement. */
const chunk = 5_000;

/** Lists the ids of the webhooks that have deliveries, deleted webhooks included, in one index step per webhook. */
export async function listWebhooksWithDeliveries(database: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ webhook_id: string }>`
    with recursive w as (
      (select webhook_id from delivery order by webhook_id limit 1)
      union all
      select (select d.webhook_id from delivery d where d.webhook_id > w.webhook_id
        order by d.webhook_id limit 1)
      from w where w.webhook_id is not null)
    select webhook_id from w where webhook_id is not null`.execute(database);
  return rows.map(row => row.webhook_id);
}

/**
 * Keeps the webhook's newest `keep` deliveries, and every unfinished one. A row of an event above a living process's
 * watermark stays as well, because a take-over tells by the rows what that process still owes.
 *
 * @returns how many were deleted.
 */
export async function trimDeliveries(
  database: Database,
  webhookId: string,
  keep: number,
): Promise<number> {
  const edge = await newestBeyond(database, webhookId, keep);
  if (edge === undefined) return 0;
  let deleted = 0;
  for (;;) {
    const ids = await endedUpTo(database, webhookId, edge);
    if (ids.length > 0) {
      await sql`with attempts as (delete from attempt where ${isOneOf('delivery_id', ids)})
        delete from delivery where ${isOneOf('id', ids)}`.execute(database);
    }
    deleted += ids.length;
    if (ids.length < chunk) return deleted;
  }
}

/** Finds the newest delivery that is not kept. */
async function newestBeyond(
  database: Database,
  webhookId: string,
  keep: number,
): Promise<string | undefined> {
  const { where, order } = alongOf('d', { limit: 1, to: horizon() }, webhookId);
  const { rows } = await sql<{ id: string }>`
    select d.id from delivery d where ${where} order by ${order} offset (select ${keep}::int) limit 1`.execute(
    database,
  );
  return rows[0]?.id;
}

/** Lists the oldest finished deliveries up to the edge. They do not change any more before they are deleted. */
async function endedUpTo(
  database: Database,
  webhookId: string,
  edge: string,
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select d.id from delivery d
    where (d.webhook_id, d.id) >= (${webhookId}::uuid, ${idMin}::uuid)
      and (d.webhook_id, d.id) <= (${webhookId}::uuid, ${edge}::uuid) and d.id <= ${edge}::uuid
      and d.state in ('delivered', 'failed', 'cancelled')
      and not exists (select from process p where d.event_id > p.watermark)
    order by d.webhook_id, d.id limit (select ${chunk}::int)`.execute(database);
  return rows.map(({ id }) => id);
}
