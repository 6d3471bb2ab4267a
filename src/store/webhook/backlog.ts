/** The deliveries that a webhook is owed and that wait as rows, and giving them up. */
import { sql, type RawBuilder } from 'kysely';

import type { Database } from '../database.ts';
import { dayOf } from '../schema/partition.ts';
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
  // All of the day's are younger, and there may be a million of them.
  if (day > dayOf(before.getTime())) return 0;
  const found = conditions.map(
    condition => sql`(select d.id from unnest(${uuids(webhookIds)}) as w(id) cross join lateral (
      select id from ${deliveriesOf(day)} d where d.webhook_id = w.id and ${condition}
        and d.id < ${firstIdAt(before)}::uuid and d.created_at < ${before}
      order by d.webhook_id limit (select ${chunk}::int)) d)`,
  );
  return giveUp(
    database,
    failedFor('expired'),
    sql`${sql.join(found, sql` union all `)} limit ${chunk}`,
  );
}

/**
 * Fails the day's waiting deliveries of these webhooks that have been due for longest, with the reason `backlog limit`.
 *
 * @param count how many, at most 5,000 at a time. @returns how many.
 */
export async function failOldest(
  database: Database,
  { day, webhookIds }: { readonly day: Day; readonly webhookIds: readonly string[] },
  count: number,
): Promise<number> {
  const found = conditions.map(
    condition => sql`(select d.id, d.next_attempt_at from unnest(${uuids(webhookIds)}) as w(id) cross join lateral (
      select id, next_attempt_at from ${deliveriesOf(day)} d where d.webhook_id = w.id and ${condition}
      order by d.next_attempt_at limit (select ${count}::int)) d)`,
  );
  const { rows } = await sql<{ id: string }>`
    select id from (${sql.join(found, sql` union all `)}) waiting
    order by next_attempt_at limit ${Math.min(count, chunk)}`.execute(database);
  return end(
    database,
    rows.map(({ id }) => id),
    failedFor('backlog limit'),
  );
}

/**
 * Cancels the day's waiting deliveries of these webhooks that were made before the webhook was last disabled, and all of
 * those that are deleted.
 *
 * @returns how many.
 */
export async function cancelFormer(
  database: Database,
  { day, webhookIds }: { readonly day: Day; readonly webhookIds: readonly string[] },
  reason: string,
): Promise<number> {
  const found = conditions.map(
    condition => sql`(select d.id from unnest(${uuids(webhookIds)}) as one(id)
      left join lateral (select id, disabled_at from webhook where webhook.id = one.id limit 1) w on true
      cross join lateral (
        select id from ${deliveriesOf(day)} d where d.webhook_id = one.id and ${condition}
          and (w.id is null or d.created_at < w.disabled_at)
        order by d.webhook_id limit (select ${chunk}::int)) d)`,
  );
  const all = sql`${sql.join(found, sql` union all `)} limit ${chunk}`;
  return giveUp(database, { state: 'cancelled', error: reason }, all);
}

/** Notes that a webhook's backlog was cut. @returns whether that is news. */
export async function noteCutBacklog(database: Database, webhookId: string): Promise<boolean> {
  const { rows } =
    await sql`insert into webhook_health as h (webhook_id, state, since, backlog_cut_at)
    select id, 'ok', now(), now() from webhook where id = ${webhookId}
    on conflict (webhook_id) do update set backlog_cut_at = now() where h.backlog_cut_at is null
    returning webhook_id`.execute(database);
  return rows.length > 0;
}

/** Forgets that backlogs were cut. @param webhookIds those that are still nearly full. */
export async function forgetCutBacklogs(
  database: Database,
  webhookIds: readonly string[],
): Promise<void> {
  await sql`update webhook_health set backlog_cut_at = null
    where backlog_cut_at is not null and webhook_id <> all(${uuids(webhookIds)})`.execute(database);
}

interface End {
  readonly state: 'failed' | 'cancelled';
  /** Why. */
  readonly error: string;
}

const failedFor = (error: string): End => ({ state: 'failed', error });

/** Ends waiting deliveries chunk by chunk. @param found selects the ids of some. @returns how many ended. */
async function giveUp(database: Database, how: End, found: RawBuilder<unknown>): Promise<number> {
  let ended = 0;
  for (;;) {
    const { rows } = await sql<{ id: string }>`${found}`.execute(database);
    const ids = rows.map(({ id }) => id);
    ended += await end(database, ids, how);
    if (ids.length < chunk) return ended;
  }
}

async function end(database: Database, ids: readonly string[], how: End): Promise<number> {
  const { numUpdatedRows } = await database
    .updateTable('delivery')
    .set({ ...how, nextAttemptAt: null, finishedAt: now })
    .where(isOneOf('id', ids))
    .where('state', '=', 'pending')
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
