/** Reads how the newest deliveries to webhooks went. */
import { sql } from 'kysely';

import { instant } from '../sql/instant.ts';
import type { Database } from '../database.ts';
import { failuresMax, healthDeliveriesMax, judgeHealth } from '../../webhook/health.ts';
import type { Health } from '../../webhook/health.ts';

export async function readHealth(
  database: Database,
  webhookIds: readonly string[],
): Promise<ReadonlyMap<string, Health>> {
  const { rows } = await sql<Omit<Health, 'state'> & { id: string; newestDelivered: number }>`
    select w.id, h.* from unnest(${[...webhookIds]}::uuid[]) as w(id) cross join lateral (
      select count(*)::int as attempted,
        count(*) filter (where arrived)::int as delivered,
        count(*) filter (where arrived and place <= ${failuresMax})::int as "newestDelivered",
        max(attempted_at) as "lastAttemptAt",
        (array_agg(trouble order by place) filter (where not arrived))[1] as "lastError"
      from (
        select state = 'delivered' as arrived, ${instant('started_at')} as attempted_at, coalesce(error, 'status ' || status) as trouble,
          row_number() over (order by id desc) as place
        from (select * from delivery d where d.webhook_id >= w.id and d.webhook_id <= w.id
          order by d.webhook_id desc, d.id desc limit ${healthDeliveriesMax}) recent
        where started_at is not null) tried) h`.execute(database);
  return new Map(
    rows.map(({ id, newestDelivered, ...facts }) => [
      id,
      { state: judgeHealth({ ...facts, newestDelivered }), ...facts },
    ]),
  );
}
