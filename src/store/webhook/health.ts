/** Reads how the deliveries to webhooks go. */
import { sql } from 'kysely';

import { isFree, isOrdered } from '../delivery/waiting-rows.ts';
import { uuids } from '../sql/columns.ts';
import { instant } from '../sql/instant.ts';
import { everything, eventWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';
import type { Database } from '../database.ts';
import { backlogCountMax, healthDeliveriesMax } from '../../webhook/health.ts';
import type { Health } from '../../webhook/health.ts';

/**
 * Reads the health of webhooks by their ids; one that does not exist is left out.
 *
 * @param visibility of the reader, who is told only of deliveries whose event they may see. What waits is counted whole: it is
 *   the length of the webhook's queue.
 */
export async function readHealth(
  database: Database,
  webhookIds: readonly string[],
  visibility: Visibility = everything,
): Promise<ReadonlyMap<string, Health>> {
  const { rows } = await sql<Health & { readonly id: string }>`
    select w.id, case when w.state = 'Enabled' then coalesce(b.state, 'ok') else lower(w.state) end as state,
      case when w.state = 'Enabled' then ${instant('b.since')} else ${instant('w.state_since')} end as since,
      case when w.state <> 'Enabled' then w.state_reason end as reason,
      case when b.state in ('failing', 'open') then b.last_error else tried.error end as "lastError",
      case when w.state = 'Enabled' then ${instant('b.next_probe_at')} end as "nextProbeAt",
      waiting.count as backlog, ${instant('b.backlog_cut_at')} as "backlogCutAt", tried.attempted, tried.delivered, tried.at as "lastAttemptAt"
    from webhook w left join webhook_health b on b.webhook_id = w.id
      cross join lateral (${triedLately(visibility)}) tried cross join lateral (${backlog}) waiting
    where w.id = any(${uuids(webhookIds)})`.execute(database);
  return new Map(rows.map(({ id, ...health }) => [id, health]));
}

// Both columns of the order, and no equality: else the primary key gives the order, and all of a day is read (record 76).
const triedLately = (visibility: Visibility) => sql`
  select count(*)::int as attempted, count(*) filter (where arrived)::int as delivered, max(at) as at,
    (array_agg(trouble order by id desc) filter (where not arrived))[1] as error
  from (
    select id, state = 'delivered' as arrived, ${instant('started_at')} as at, coalesce(error, 'status ' || status) as trouble
    from (select * from delivery d where d.webhook_id >= w.id and d.webhook_id <= w.id
      order by d.webhook_id desc, d.id desc limit ${healthDeliveriesMax}) newest
    where started_at is not null and ${isShown(visibility)}) recent`;

const isShown = (visibility: Visibility) =>
  visibility.kind === 'everything'
    ? sql`true`
    : sql`exists (select from event e where e.id = newest.event_id and ${eventWithin('e', visibility)})`;

const backlog = sql`
  select count(*)::int as count from (
    (select from delivery where webhook_id = w.id and ${isFree}
      order by webhook_id limit (select ${backlogCountMax}::int))
    union all
    (select from delivery where webhook_id = w.id and ${isOrdered} and state = 'pending'
      order by webhook_id limit (select ${backlogCountMax}::int))
    limit ${backlogCountMax}) pending`;
