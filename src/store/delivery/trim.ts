/** Deletes finished deliveries beyond the newest ones of each webhook. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';

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
  let deleted = 0;
  for (;;) {
    const { numAffectedRows } = await sql`
      with edge as (
        select d.id from delivery d where d.webhook_id = ${webhookId} order by d.id desc
        offset ${keep} limit 1),
      gone as (
        select d.id from delivery d
        where d.webhook_id = ${webhookId} and d.id <= (select id from edge)
          and d.state in ('delivered', 'failed', 'cancelled')
          and not exists (select from process p where d.event_id > p.watermark)
        order by d.id limit ${chunk}),
      attempts as (delete from attempt where delivery_id in (select id from gone))
      delete from delivery where id in (select id from gone)`.execute(database);
    const count = Number(numAffectedRows ?? 0);
    deleted += count;
    if (count < chunk) return deleted;
  }
}
