/**
 * Deletes a webhook's successful deliveries beyond the latest ones. What failed or was cancelled stays until its day is
 * dropped, because it may still be redelivered: an outage easily leaves more failures than the limit.
 */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import { alongOf, firstIdAt, horizon, idMin, rowsAlong } from '../sql/keyset.ts';
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
 * Keeps the `keep` deliveries of the webhook that were delivered last, however old their events are, and all that are not
 * delivered. A row of an event above a living process's watermark stays as well, because a take-over tells by the rows what
 * that process still owes.
 *
 * @returns how many were deleted.
 */
export async function trimDeliveries(
  database: Database,
  webhookId: string,
  keep: number,
): Promise<number> {
  const last = await lastBeyond(database, webhookId, keep);
  if (last === undefined) return 0;
  let deleted = 0;
  let after = idMin;
  for (;;) {
    const ids = await deliveredUpTo(database, { webhookId, last, after });
    if (ids.length > 0) {
      await sql`with attempts as (delete from attempt where ${isOneOf('delivery_id', ids)})
        delete from delivery where ${isOneOf('id', ids)}`.execute(database);
    }
    deleted += ids.length;
    after = ids.at(-1) ?? after;
    if (ids.length < chunk) return deleted;
  }
}

/** The end of a delivery, to the microsecond, and its id, because one statement ends many at the same instant. */
interface Ended {
  readonly at: string;
  readonly id: string;
}

/** Finds the last delivered one that is not kept. Ends are not in the order of ids, so it reads all rows of the webhook. */
async function lastBeyond(
  database: Database,
  webhookId: string,
  keep: number,
): Promise<Ended | undefined> {
  const along = alongOf('d', { limit: 1, to: horizon() }, webhookId);
  const { rows } = await sql<Ended>`
    select d.finished_at::text as at, d.id from ${rowsAlong('delivery', { alias: 'd', along })} d
    where d.state = 'delivered' order by d.finished_at desc, d.id desc
    offset (select ${keep}::int) limit 1`.execute(database);
  return rows[0];
}

interface Beyond {
  readonly webhookId: string;
  readonly last: Ended;
  /** ID of the last delivery that was deleted before. */
  readonly after: string;
}

/** Lists the next delivered ones that ended no later than `last`, by ID. They no longer change before they are deleted. */
async function deliveredUpTo(
  database: Database,
  { webhookId, last, after }: Beyond,
): Promise<readonly string[]> {
  const end = firstIdAt(horizon());
  const { rows } = await sql<{ id: string }>`
    select d.id from delivery d
    where (d.webhook_id, d.id) > (${webhookId}::uuid, ${after}::uuid)
      and (d.webhook_id, d.id) < (${webhookId}::uuid, ${end}::uuid) and d.id > ${after}::uuid and d.id < ${end}::uuid
      and d.state = 'delivered' and (d.finished_at, d.id) <= (${last.at}::timestamptz, ${last.id}::uuid)
      and not exists (select from process p where d.event_id > p.watermark)
    order by d.webhook_id, d.id limit (select ${chunk}::int)`.execute(database);
  return rows.map(({ id }) => id);
}
