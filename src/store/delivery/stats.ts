/**
 * Statistics of deliveries: counts and percentiles, by webhook, event type and time.
 *
 * Only the partitions of the time range are read, because ids carry their time, and at most the newest `rowsMax`
 * deliveries of it: along the primary key for everything, along (webhook_id, id) for a tenant's webhooks. Of these a tenant is
 * told of those whose event is theirs to see, too.
 */
import { sql } from 'kysely';

import { timeOf } from '../../event/id.ts';
import { inTransaction } from '../database.ts';
import type { Store } from '../database.ts';
import { firstIdAt } from '../sql/keyset.ts';
import type { Fragment } from '../sql/condition.ts';
import { manyEventsWithin, webhookWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export const statKeys = ['webhook', 'eventType', 'time'] as const;
export type StatKey = (typeof statKeys)[number];

export interface StatQuery {
  /** Time range of the events' recording: `from` is included, `to` is not. */
  readonly from: Date;
  readonly to: Date;
  readonly by: readonly StatKey[];
  readonly bucketSeconds: number;
  readonly webhookId?: string;
  readonly eventType?: string;
  /** Maximum number of deliveries looked at. */
  readonly rowsMax: number;
  readonly groupsMax: number;
}

export interface StatRow {
  readonly webhookId?: string;
  readonly eventType?: string;
  /** Beginning of the bucket, in milliseconds since 1970. */
  readonly atMs?: number;
  readonly deliveries: number;
  readonly delivered: number;
  readonly failed: number;
  readonly pending: number;
  readonly cancelled: number;
  readonly attempts: number;
  /** The 50th, 95th and 99th percentile of the attempts' durations; null without attempts. */
  readonly percentilesMs: readonly [number, number, number] | null;
  readonly maxMs: number | null;
}

export interface Stats {
  readonly items: readonly StatRow[];
  /** Where the range was cut off: older deliveries of it were not looked at. */
  readonly reachedFrom?: Date;
}

/** Maximum duration; a statement that takes longer is cancelled (SQLSTATE 57014). */
const statementMs = 15_000;

export async function readStats(
  store: Store,
  visibility: Visibility,
  query: StatQuery,
): Promise<Stats> {
  return inTransaction(store, async database => {
    await sql`set transaction read only`.execute(database);
    await sql`select set_config('statement_timeout', ${String(statementMs)}, true)`.execute(
      database,
    );
    const { by, eventType, rowsMax, groupsMax } = query;
    const isAll = visibility.kind === 'everything';
    const isNamed = !isAll || by.includes('eventType') || eventType !== undefined;
    const { joins, isVisible } = manyEventsWithin('e', visibility);
    const keys = by.map(key => columns[key].key);
    const grouped =
      keys.length === 0 ? sql`` : sql`group by ${sql.join(keys)} order by ${sql.join(keys)}`;
    const { rows } = await sql<Row>`
      with looked_at as materialized (${deliveries(visibility, query)}),
      keyed as (
        select d.*, ${isNamed ? sql`e.event` : sql`null::text`} as event_type, ${bucketOf(query)} as at
        from looked_at d ${isNamed ? sql`join event e on e.id = d.event_id and ${within('e.id', query)} ${joins}` : sql``}
        where ${eventType === undefined ? sql`true` : sql`e.event = ${eventType}`} and ${isVisible}),
      made as (
        select webhook_id, event_type, at, state, duration_ms from keyed
        union all
        select k.webhook_id, k.event_type, k.at, null, a.duration_ms
        from keyed k join attempt a on a.delivery_id = k.id and ${within('a.delivery_id', query)}
        where k.tries > 1)
      select ${sql.join([...by.map(key => sql`${columns[key].key} as ${sql.id(columns[key].name)}`), counts])},
        (select count(*) from looked_at)::int as "lookedAt", (select min(id::text) from looked_at) as oldest
      from made ${grouped} limit ${groupsMax + 1}`.execute(database);
    const [first] = rows;
    return {
      items: rows.map(toFacts),
      reachedFrom: first?.oldest && first.lookedAt >= rowsMax ? timeOf(first.oldest) : undefined,
    };
  });
}

const counts = sql`count(state)::int as deliveries,
  count(*) filter (where state = 'delivered')::int as delivered,
  count(*) filter (where state = 'failed')::int as failed,
  count(*) filter (where state in ('pending', 'delivering'))::int as pending,
  count(*) filter (where state = 'cancelled')::int as cancelled,
  count(duration_ms)::int as attempts,
  to_jsonb(percentile_disc(array[0.5, 0.95, 0.99]) within group (order by duration_ms)) as percentiles,
  max(duration_ms) as "maxMs"`;

interface Row extends Omit<StatRow, 'percentilesMs' | 'atMs'> {
  readonly atMs?: string;
  readonly percentiles: readonly (number | null)[] | null;
  readonly lookedAt: number;
  readonly oldest: string | null;
}

function toFacts(row: Row): StatRow {
  const { percentiles, lookedAt: _lookedAt, oldest: _oldest, atMs, ...facts } = row;
  const [p50, p95, p99] = percentiles ?? [];
  const known = typeof p50 === 'number' && typeof p95 === 'number' && typeof p99 === 'number';
  return {
    ...facts,
    atMs: atMs === undefined ? undefined : Number(atMs),
    percentilesMs: known ? [p50, p95, p99] : null,
  };
}

const columns = {
  webhook: { key: sql`webhook_id`, name: 'webhookId' },
  eventType: { key: sql`event_type`, name: 'eventType' },
  time: { key: sql`at`, name: 'atMs' },
} as const;

function deliveries(visibility: Visibility, query: StatQuery): Fragment {
  const { webhookId, rowsMax } = query;
  const facts = sql`d.id, d.webhook_id, d.event_id, d.state, d.tries, d.duration_ms`;
  const newest = sql`order by d.id desc limit ${rowsMax}`;
  if (visibility.kind === 'everything') {
    const one = webhookId === undefined ? sql`true` : sql`d.webhook_id = ${webhookId}`;
    return sql`select ${facts} from delivery d where ${within('d.id', query)} and ${one} ${newest}`;
  }
  const one = webhookId === undefined ? sql`true` : sql`w.id = ${webhookId}`;
  return sql`select ${facts} from webhook w cross join lateral (
      select ${facts} from delivery d where d.webhook_id = w.id and ${within('d.id', query)} ${newest}) d
    where ${webhookWithin('w', visibility)} and ${one} ${newest}`;
}

function within(column: string, { from, to }: StatQuery): Fragment {
  const id = sql.ref(column);
  return sql`${id} >= ${firstIdAt(from)}::uuid and ${id} < ${firstIdAt(to)}::uuid`;
}

/** Beginning of a delivery's bucket, from the time bits of its id. */
function bucketOf({ by, bucketSeconds }: StatQuery): Fragment {
  if (!by.includes('time')) return sql`null::bigint`;
  const ms = sql`('x' || left(d.id::text, 8) || substr(d.id::text, 10, 4))::bit(48)::bigint`;
  const bucketMs = bucketSeconds * 1_000;
  return sql`${ms} / ${bucketMs}::bigint * ${bucketMs}::bigint`;
}
