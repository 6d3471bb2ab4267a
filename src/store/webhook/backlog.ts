/** The deliveries that a webhook is owed and that wait as rows, and giving them up. */
import { sql, type RawBuilder } from 'kysely';

import type { Database } from '../database.ts';
import { deliveriesOf, isFree, isOrdered, type Day } from '../delivery/waiting-rows.ts';
import { uuids } from '../sql/columns.ts';
import { now } from '../sql/instant.ts';
import { firstIdAt } from '../sql/keyset.ts';
import { isOneOf } from '../sql/row-ids.ts';

/** What waits for one webhook of the events of one day. */
export interface Backlog {
  readonly webhookId: string;
  readonly day: Day;
  /** Number of waiting deliveries. */
  readonly waiting: number;
}

/** The conditions of the two indexes of waiting deliveries. */
const conditions = [isFree, sql`${isOrdered} and state = 'pending'`];

/** Counts the waiting deliveries of each webhook that has any. @param max rows that are counted of a day. */
export async function listBacklogs(
  database: Database,
  days: readonly Day[],
  max: number,
): Promise<readonly Backlog[]> {
  if (days.length === 0) return [];
  const counted = days.flatMap(day =>
    conditions.map(
      condition => sql`(select webhook_id, ${day}::text as day from ${deliveriesOf(day)} d
        where ${condition} order by webhook_id limit (select ${max}::int))`,
    ),
  );
  const { rows } = await sql<Backlog>`
    select webhook_id as "webhookId", day, count(*)::int as waiting
    from (${sql.join(counted, sql` union all `)}) waiting
    group by webhook_id, day order by day, webhook_id`.execute(database);
  return rows;
}

/** Maximum number of rows changed by one statement. */
const chunk = 5_000;

/**
 * Fails the day's waiting deliveries of these webhooks that were created before `before`, with the reason `expired`.
 *
 * @returns how many.
 */
export async function expireDeliveries(
  database: Database,
  { day, webhookIds }: { readonly day: Day; readonly webhookIds: readonly string[] },
  before: Date,
): Promise<number> {
  const found = conditions.map(
    condition => sql`(select d.id from unnest(${uuids(webhookIds)}) as w(id) cross join lateral (
      select id from ${deliveriesOf(day)} d where d.webhook_id = w.id and ${condition}
        and d.id < ${firstIdAt(before)}::uuid and d.created_at < ${before}
      order by d.webhook_id limit (select ${chunk}::int)) d)`,
  );
  return giveUp(database, 'expired', sql`${sql.join(found, sql` union all `)} limit ${chunk}`);
}

/** Fails waiting deliveries chunk by chunk. @param found selects the ids of some. @returns how many failed. */
async function giveUp(
  database: Database,
  reason: string,
  found: RawBuilder<unknown>,
): Promise<number> {
  let failed = 0;
  for (;;) {
    const { rows } = await sql<{ id: string }>`${found}`.execute(database);
    const ids = rows.map(({ id }) => id);
    const { numUpdatedRows } = await database
      .updateTable('delivery')
      .set({ state: 'failed', error: reason, nextAttemptAt: null, finishedAt: now })
      .where(isOneOf('id', ids))
      .where('state', '=', 'pending')
      .executeTakeFirst();
    failed += Number(numUpdatedRows);
    if (ids.length < chunk) return failed;
  }
}
