/** Lists and counts the deliveries that wait in the database to be claimed. */
import { sql, type RawBuilder } from 'kysely';

import type { Database } from '../database.ts';
import { deliveriesOf, isFree, isOrdered, type Day } from './waiting-rows.ts';

/** A webhook with waiting deliveries, due or not. */
export interface Waiting {
  readonly webhookId: string;
  /** Days of its deliveries in no order, and of those with an order key. */
  readonly free: readonly Day[];
  readonly ordered: readonly Day[];
}

/** Lists the webhooks that have waiting deliveries, by id, in one index step per webhook and day. */
export async function listWaitingWebhooks(
  database: Database,
  days: readonly Day[],
): Promise<readonly Waiting[]> {
  const kinds = days.flatMap(day => [
    webhooksWith({ day, kind: 'free' }, isFree),
    webhooksWith({ day, kind: 'ordered' }, isOrdered),
  ]);
  if (kinds.length === 0) return [];
  const { rows } = await sql<Found>`
    ${sql.join(kinds, sql` union all `)} order by 1, 2`.execute(database);
  const byWebhook = Map.groupBy(rows, ({ webhookId }) => webhookId);
  return [...byWebhook].map(([webhookId, found]) => ({
    webhookId,
    free: found.filter(({ kind }) => kind === 'free').map(({ day }) => day),
    ordered: found.filter(({ kind }) => kind === 'ordered').map(({ day }) => day),
  }));
}

interface Found {
  readonly webhookId: string;
  readonly day: Day;
  readonly kind: 'free' | 'ordered';
}

function webhooksWith(
  { day, kind }: Pick<Found, 'day' | 'kind'>,
  condition: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`(with recursive w as (
      (select webhook_id from ${deliveriesOf(day)} d where ${condition} order by webhook_id limit 1)
      union all
      select (select d.webhook_id from ${deliveriesOf(day)} d
        where ${condition} and d.webhook_id > w.webhook_id order by d.webhook_id limit 1)
      from w where w.webhook_id is not null)
    select webhook_id as "webhookId", ${day}::text as day, ${kind}::text as kind
      from w where webhook_id is not null)`;
}

/** Counts the deliveries that wait in the database, up to `max`. */
export async function countWaiting(
  database: Database,
  days: readonly Day[],
  max: number,
): Promise<number> {
  const counted = days.flatMap(day =>
    [isFree, sql`${isOrdered} and state = 'pending'`].map(
      condition => sql`(select from ${deliveriesOf(day)} d where ${condition}
        order by webhook_id limit (select ${max}::int))`,
    ),
  );
  if (counted.length === 0) return 0;
  const { rows } = await sql<{ count: string }>`
    select count(*) from (${sql.join(counted, sql` union all `)} limit ${max}) waiting`.execute(
    database,
  );
  return Number(rows[0]?.count ?? 0);
}
