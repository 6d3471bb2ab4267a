/** The breakers of webhooks, as processes share them: one row for each webhook that has failed since it was created. */
import { sql } from 'kysely';

import type { BreakerState } from '../../webhook/health.ts';
import type { Database } from '../database.ts';
import { floats, texts, uuids } from '../sql/columns.ts';
import { anyOf } from '../sql/condition.ts';

/** All instants are milliseconds since 1970. */
export interface BreakerRow {
  readonly webhookId: string;
  readonly state: BreakerState;
  /** Since when it is open, or failing; null, which is now when it is written, for one that is well. */
  readonly sinceMs: number | null;
  readonly failingSinceMs: number | null;
  readonly nextProbeAtMs: number | null;
  readonly lastError: string | null;
}

/** Writes breakers. Those of webhooks that were deleted are left out. */
export async function writeBreakers(
  database: Database,
  rows: readonly BreakerRow[],
): Promise<void> {
  // All processes write in one order, so that none waits for another that waits for it.
  await sql`insert into webhook_health (webhook_id, state, since, failing_since, next_probe_at, last_error)
    select w.id, r.state, coalesce(to_timestamp(r.since_ms / 1000.0), now()),
      to_timestamp(r.failing_ms / 1000.0), to_timestamp(r.probe_ms / 1000.0), r.last_error
    from unnest(${uuids(rows.map(row => row.webhookId))}, ${texts(rows.map(row => row.state))},
      ${floats(rows.map(row => row.sinceMs))}, ${floats(rows.map(row => row.failingSinceMs))},
      ${floats(rows.map(row => row.nextProbeAtMs))}, ${texts(rows.map(row => row.lastError))}
    ) as r(id, state, since_ms, failing_ms, probe_ms, last_error) join webhook w on w.id = r.id
    order by w.id
    on conflict (webhook_id) do update set state = excluded.state, since = excluded.since,
      failing_since = excluded.failing_since, next_probe_at = excluded.next_probe_at,
      last_error = excluded.last_error`.execute(database);
}

/** Loads the breakers of all webhooks that are failing, and of these, failing or not. */
export async function loadBreakers(
  database: Database,
  webhookIds: readonly string[],
): Promise<readonly BreakerRow[]> {
  return selectBreakers(database)
    .where(eb => eb.or([eb('state', '<>', 'ok'), eb('webhookId', '=', anyOf(webhookIds))]))
    .execute();
}

export async function findBreakers(
  database: Database,
  webhookIds: readonly string[],
): Promise<readonly (BreakerRow & { readonly isAnnounced: boolean })[]> {
  return selectBreakers(database)
    .select('isAnnounced')
    .where('webhookId', '=', anyOf(webhookIds))
    .execute();
}

export interface Turn {
  readonly webhookId: string;
  readonly isFailing: boolean;
}

/**
 * Marks webhooks as announced: those that are failing, and those that were and are well. Of several processes that do so one
 * gets each.
 *
 * @param ids of webhooks whose state has changed. @param failing those of them that are failing and worth telling of.
 * @returns the ones that were marked now, and are to be announced.
 */
export async function markAnnounced(
  database: Database,
  ids: readonly string[],
  failing: readonly string[],
): Promise<readonly Turn[]> {
  const { rows } = await sql<Turn>`
    with failing as (update webhook_health set is_announced = true
      where webhook_id = any(${uuids(failing)}) and state <> 'ok' and not is_announced returning webhook_id),
    well as (update webhook_health set is_announced = false
      where webhook_id = any(${uuids(ids)}) and state = 'ok' and is_announced returning webhook_id)
    select webhook_id as "webhookId", true as "isFailing" from failing
    union all select webhook_id, false from well`.execute(database);
  return rows;
}

/** Makes the probe due now: somebody asks for a delivery. */
export async function probeNow(database: Database, webhookId: string): Promise<void> {
  await sql`update webhook_health set next_probe_at = now()
    where webhook_id = ${webhookId} and state = 'open' and next_probe_at > now()`.execute(database);
}

/** Closes the breaker of a webhook, if its receiver is at this URL: it was seen to accept a request. */
export async function closeBreaker(
  database: Database,
  { id, payloadUrl }: { readonly id: string; readonly payloadUrl: string },
): Promise<void> {
  await sql`update webhook_health h set state = 'ok', since = now(), failing_since = null, next_probe_at = null,
      last_error = null
    from webhook w where w.id = ${id} and w.payload_url = ${payloadUrl} and h.webhook_id = w.id and h.state <> 'ok'`.execute(
    database,
  );
}

function selectBreakers(database: Database) {
  return database
    .selectFrom('webhook_health')
    .select(['webhookId', 'state', 'lastError'])
    .select([
      ms('since').as('sinceMs'),
      ms('failing_since').as('failingSinceMs'),
      ms('next_probe_at').as('nextProbeAtMs'),
    ]);
}

const ms = (column: string) =>
  sql<number | null>`round(extract(epoch from ${sql.ref(column)}) * 1000)::float8`;
