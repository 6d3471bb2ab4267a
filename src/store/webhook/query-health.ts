/** How deliveries to webhooks went lately. */
import { sql } from 'kysely';

import { instant } from '../sql/instant.ts';
import type { Database } from '../database.ts';

export const healthStates = ['unknown', 'healthy', 'degraded', 'failing'] as const;

export interface Health {
  /** `failing`: none of the newest three arrived; `degraded`: some of those counted did not; `unknown`: none was tried. */
  readonly state: (typeof healthStates)[number];
  /** Deliveries that have been tried, of the newest few. */
  readonly attempted: number;
  /** Those of them that arrived. */
  readonly delivered: number;
  /** RFC 3339. */
  readonly lastAttemptAt: string | null;
  /** Of the newest that did not arrive. */
  readonly lastError: string | null;
}

/** Of a webhook that was never delivered to. */
export const untried: Health = {
  state: 'unknown',
  attempted: 0,
  delivered: 0,
  lastAttemptAt: null,
  lastError: null,
};

/** The newest, in the order of their events: as many steps on an index. */
const rowsMax = 20;
const newest = 3;

export async function readHealth(
  database: Database,
  webhookIds: readonly string[],
): Promise<ReadonlyMap<string, Health>> {
  const { rows } = await sql<Omit<Health, 'state'> & { id: string; newestDelivered: number }>`
    select w.id, h.* from unnest(${[...webhookIds]}::uuid[]) as w(id) cross join lateral (
      select count(*)::int as attempted,
        count(*) filter (where arrived)::int as delivered,
        count(*) filter (where arrived and place <= ${newest})::int as "newestDelivered",
        max(attempted_at) as "lastAttemptAt",
        (array_agg(trouble order by place) filter (where not arrived))[1] as "lastError"
      from (
        select state = 'delivered' as arrived, ${instant('started_at')} as attempted_at, coalesce(error, 'status ' || status) as trouble,
          row_number() over (order by id desc) as place
        from (select * from delivery d where d.webhook_id = w.id order by d.id desc limit ${rowsMax}) recent
        where started_at is not null) tried) h`.execute(database);
  return new Map(
    rows.map(({ id, newestDelivered, ...counts }) => [
      id,
      { state: stateOf(counts, newestDelivered), ...counts },
    ]),
  );
}

function stateOf(
  { attempted, delivered }: Pick<Health, 'attempted' | 'delivered'>,
  newestDelivered: number,
): Health['state'] {
  if (attempted === 0) return 'unknown';
  if (delivered === attempted) return 'healthy';
  return attempted >= newest && newestDelivered === 0 ? 'failing' : 'degraded';
}
