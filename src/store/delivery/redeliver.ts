/** Makes further deliveries of recorded events: one, of any event, or one for each past delivery that a sweep finds. */
import { sql } from 'kysely';

import type { DeliveryState } from '../../event/delivery.ts';
import { dueOld } from '../connection/listener.ts';
import type { Database } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import type { Fragment } from '../sql/condition.ts';
import { now } from '../sql/instant.ts';
import { isEventInScope } from '../sql/visibility.ts';
import { forEachWindow, wantedDeliveries } from './sweep.ts';
import { probeNow } from '../webhook/breaker.ts';
import type { ScanWindow, Sweep, Swept } from './sweep.ts';

export type RedeliverySweep = Sweep & { readonly state: DeliveryState };

/** A delivery that a sweep would redeliver. */
export interface Redeliverable {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly entityUuid: string | null;
}

/** Whether the webhook's present scope covers the event: what has been narrowed since gets nothing of before. */
export async function isInScope(
  database: Database,
  { eventId, webhookId }: Pick<Row<'delivery'>, 'eventId' | 'webhookId'>,
): Promise<boolean> {
  const found = await database
    .selectFrom('event as e')
    .innerJoin('webhook as w', join => join.onTrue())
    .select('w.id')
    .where('e.id', '=', eventId)
    .where('w.id', '=', webhookId)
    .where(isEventInScope('e', 'w'))
    .executeTakeFirst();
  return found !== undefined;
}

/** Whether nothing is delivered to the webhook: it is disabled, or its account is gone. A paused one only waits. */
export async function isDisabled(database: Database, webhookId: string): Promise<boolean> {
  const found = await database
    .selectFrom('webhook as w')
    .innerJoin('account as a', 'a.id', 'w.accountId')
    .select('w.id')
    .where('w.id', '=', webhookId)
    .where(eb => eb.or([eb('w.state', '=', 'Disabled'), eb('a.removedAt', 'is not', null)]))
    .executeTakeFirst();
  return found !== undefined;
}

/**
 * Inserts one further delivery of an event, due at once, and wakes whoever dispatches. If the webhook's breaker is open,
 * it is probed at once.
 */
export async function insertRedelivery(
  database: Database,
  { id, eventId, webhookId }: Pick<Row<'delivery'>, 'id' | 'eventId' | 'webhookId'>,
): Promise<void> {
  const due = { state: 'pending', tries: 0, nextAttemptAt: now, createdAt: now } as const;
  await database
    .insertInto('delivery')
    .values({ id, eventId, webhookId, kind: 'redelivery', ...due })
    .execute();
  await probeNow(database, webhookId);
  await sql`select pg_notify('hookline', ${dueOld})`.execute(database);
}

/**
 * Inserts a further delivery of each event that the sweep finds, due at once, and wakes whoever dispatches. To be called
 * in a transaction.
 */
export async function insertRedeliveries(
  database: Database,
  sweep: RedeliverySweep,
): Promise<Swept> {
  const swept = await forEachWindow(database, sweep, async window => {
    const { numAffectedRows } = await sql`
      insert into delivery (id, event_id, webhook_id, kind, state, tries, next_attempt_at, created_at)
      select ${furtherId('d.event_id')}, d.event_id, d.webhook_id, 'redelivery', 'pending', 0, now(), now()
      from ${redeliverable(sweep, window)} order by d.id`.execute(database);
    return Number(numAffectedRows ?? 0);
  });
  if (swept.count === 0) return swept;
  await probeNow(database, sweep.webhookId);
  await sql`select pg_notify('hookline', ${dueOld})`.execute(database);
  return swept;
}

/** Counts what `insertRedeliveries` would insert. @param samplesMax how many of them are shown. */
export async function findRedeliverable(
  database: Database,
  sweep: RedeliverySweep,
  samplesMax: number,
): Promise<Swept & { readonly samples: readonly Redeliverable[] }> {
  const samples: Redeliverable[] = [];
  const swept = await forEachWindow(database, sweep, async window => {
    const { rows } = await sql<Redeliverable>`
      select d.id, d.event_id as "eventId", e.event as "eventType", e.entityuuid as "entityUuid"
      from ${redeliverable(sweep, window)} order by d.id`.execute(database);
    samples.push(...rows.slice(0, samplesMax - samples.length));
    return rows.length;
  });
  return { ...swept, samples };
}

/** The id of a redelivery, as `redeliveryId` of `event/id.ts` makes it: the event's time bits, version 8, random bits. */
export const furtherId = (column: string): Fragment => sql`overlay(overlay(gen_random_uuid()::text
  placing left(${sql.ref(column)}::text, 14) || '8' from 1) placing '8' from 20)::uuid`;

/**
 * Selects each event once, none that the webhook's present scope does not cover, and none that its receiver has got by now or is about to get. When an event has several
 * deliveries the last one counts; an event is left out when any of them is pending, or was delivered after another
 * state was asked for. All deliveries of an event share its time bits. `offset 0` keeps PostgreSQL from turning the
 * look-up of each row into one read of the whole table.
 */
function redeliverable(sweep: RedeliverySweep, window: ScanWindow): Fragment {
  const settled = sweep.state === 'delivered' ? sql`false` : sql`o.state = 'delivered'`;
  return sql`${wantedDeliveries(sweep, window)}
    and exists (select from webhook w where w.id = d.webhook_id and ${isEventInScope('e', 'w')})
    and not exists (
    select from delivery o
    where o.webhook_id = d.webhook_id and o.event_id = d.event_id
      and o.id >= (left(d.event_id::text, 14) || '0000-0000-000000000000')::uuid
      and o.id <= (left(d.event_id::text, 14) || 'ffff-ffff-ffffffffffff')::uuid
      and (o.state in ('pending', 'delivering') or ${settled} or (o.state = d.state and o.id > d.id))
    offset 0)`;
}
