/** Writes the outcomes of deliveries, many in one statement. */
import { sql, type RawBuilder } from 'kysely';

import type { Attempt, DeliveryState } from '../../event/delivery.ts';
import { deliveryId, timeOf } from '../../event/id.ts';
import { floats, integers, texts, uuids } from '../sql/columns.ts';
import type { Database } from '../database.ts';
import { failureKind } from '../record/failure.ts';
import { isOneOf } from '../sql/row-ids.ts';
import { isClaimedBy } from './release.ts';

/** The state a delivery goes into, and the attempt that put it there. */
export interface Outcome {
  readonly eventId: string;
  readonly webhookId: string;
  readonly state: Exclude<DeliveryState, 'delivering'>;
  /** Attempts made in all that cost a try, this one included. */
  readonly tries: number;
  /** When the next attempt is due, in milliseconds since 1970, with state `pending`. */
  readonly nextAttemptAtMs?: number | undefined;
  /** Absent when the delivery was rescheduled or cancelled without a request. */
  readonly attempt?: Attempt | undefined;
  /** Why it was cancelled, when no attempt says so. */
  readonly reason?: string | undefined;
  /** The id of its row, claimed by this process; undefined while it has none. */
  readonly deliveryId?: string | undefined;
}

/**
 * Inserts deliveries that almost certainly have no row yet, which costs PostgreSQL a quarter less than being ready for one: no
 * look for it beforehand, no tentative row and no second record of it in the log. Where a row exists after all, nothing is
 * inserted, and `insertOutcomes` does the work. Not for use within a transaction, which the attempt would end.
 */
export async function insertFreshOutcomes(
  database: Database,
  outcomes: readonly Outcome[],
): Promise<void> {
  try {
    await insertion(outcomes).execute(database);
  } catch (error) {
    if (failureKind(error) !== 'repeated') throw error;
    await insertOutcomes(database, outcomes);
  }
}

/**
 * Inserts deliveries that may have a row.
 *
 * One exists when this process was thought dead and taken over, or when the connection broke while the row was being committed. Then
 * that row stands, except that "delivered" ends a delivery which is still waiting: the receiver has it.
 *
 * @returns how many rows were written.
 */
export async function insertOutcomes(
  database: Database,
  outcomes: readonly Outcome[],
): Promise<number> {
  const { numAffectedRows } = await sql`${insertion(outcomes)}
    on conflict (id) do update set state = excluded.state, tries = excluded.tries, next_attempt_at = null,
      finished_at = excluded.finished_at, started_at = excluded.started_at, duration_ms = excluded.duration_ms,
      status = excluded.status, error = excluded.error, response_body = excluded.response_body
      where delivery.state = 'pending' and excluded.state = 'delivered'`.execute(database);
  return Number(numAffectedRows ?? 0);
}

function insertion(outcomes: readonly Outcome[]): RawBuilder<unknown> {
  return sql`insert into delivery (id, event_id, webhook_id, kind, state, tries, next_attempt_at, created_at,
      finished_at, started_at, duration_ms, status, error, response_body)
    select r.id, r.event_id, r.webhook_id, 'event', r.state, r.tries, to_timestamp(r.next_ms / 1000.0),
      to_timestamp(r.created_ms / 1000.0),
      case when r.state <> 'pending' then coalesce(to_timestamp((r.started_ms + r.duration_ms) / 1000.0), now()) end,
      to_timestamp(r.started_ms / 1000.0), r.duration_ms, r.status, r.error, r.response_body
    from unnest(
      ${uuids(outcomes.map(outcome => deliveryId(outcome.eventId, outcome.webhookId)))},
      ${uuids(outcomes.map(outcome => outcome.eventId))}, ${uuids(outcomes.map(outcome => outcome.webhookId))},
      ${texts(outcomes.map(outcome => outcome.state))}, ${integers(outcomes.map(outcome => outcome.tries))},
      ${floats(outcomes.map(outcome => outcome.nextAttemptAtMs ?? null))},
      ${floats(outcomes.map(outcome => timeOf(outcome.eventId).getTime()))}, ${attemptColumns(outcomes)}
    ) as r(id, event_id, webhook_id, state, tries, next_ms, created_ms, started_ms, duration_ms, status, error,
      response_body)`;
}

/**
 * Updates deliveries that this process claimed. The attempt that was the last so far moves to `attempt`,
 * unless it cost no try: of those, in a row, the last one is kept.
 * Rows that are no longer claimed by it (its lease lapsed) are left alone.
 */
export async function updateOutcomes(
  database: Database,
  processId: number,
  outcomes: readonly Outcome[],
): Promise<void> {
  const ids = outcomes.map(outcome => rowId(outcome));
  await sql`with o as (
      select * from unnest(
        ${uuids(ids)}, ${texts(outcomes.map(outcome => outcome.state))},
        ${integers(outcomes.map(outcome => outcome.tries))},
        ${floats(outcomes.map(outcome => outcome.nextAttemptAtMs ?? null))}, ${attemptColumns(outcomes)}
      ) as o(id, state, tries, next_ms, started_ms, duration_ms, status, error, response_body)),
    mine as (
      select d.* from delivery d where ${isOneOf('d.id', ids)} and ${isClaimedBy('d', processId)}),
    kept as (
      insert into attempt (delivery_id, number, started_at, duration_ms, status, error, response_body)
      select mine.id, mine.tries, mine.started_at, mine.duration_ms, mine.status, mine.error, mine.response_body
      from mine join o on o.id = mine.id
      where o.started_ms is not null and mine.started_at is not null and mine.tries > 0
      on conflict do nothing)
    update delivery d set state = o.state, tries = o.tries, process_id = null,
      next_attempt_at = to_timestamp(o.next_ms / 1000.0),
      finished_at = case when o.state <> 'pending' then now() end,
      started_at = case when o.started_ms is null then d.started_at else to_timestamp(o.started_ms / 1000.0) end,
      duration_ms = case when o.started_ms is null then d.duration_ms else o.duration_ms end,
      status = case when o.started_ms is null then d.status else o.status end,
      error = case when o.started_ms is null then coalesce(o.error, d.error) else o.error end,
      response_body = case when o.started_ms is null then d.response_body else o.response_body end
    from o where d.id = o.id and ${isOneOf('d.id', ids)} and ${isClaimedBy('d', processId)}`.execute(
    database,
  );
}

function rowId({ deliveryId: id }: Outcome): string {
  if (id === undefined) throw new RangeError('only a delivery with a row can be updated');
  return id;
}

function attemptColumns(outcomes: readonly Outcome[]) {
  const attempts = outcomes.map(outcome => outcome.attempt);
  return sql`${floats(attempts.map(attempt => attempt?.startedAt.getTime() ?? null))},
    ${integers(attempts.map(attempt => attempt?.durationMs ?? null))},
    ${integers(attempts.map(attempt => attempt?.status ?? null))},
    ${texts(outcomes.map(({ attempt, reason }) => storable(attempt?.error ?? reason)))},
    ${texts(attempts.map(attempt => storable(attempt?.responseBody)))}`;
}

/**
 * Replaces NUL, which PostgreSQL's text cannot hold: these are texts of receivers and of tenants' templates, and a
 * statement that is refused would be retried for ever, with everybody's outcomes in it.
 */
function storable(text: string | null | undefined): string | null {
  return text?.replaceAll('\0', '\u{FFFD}') ?? null;
}
