/**
 * A sweep walks along a webhook's deliveries, oldest event first, and changes what it finds. It looks at a bounded number
 * of rows, window by window, so that one request is a short transaction; the next request goes on at its cursor.
 */
import { sql } from 'kysely';

import type { DeliveryState } from '../../event/delivery.ts';
import type { Database } from '../database.ts';
import { allOf, conditions } from '../sql/condition.ts';
import { firstIdAt, horizon, idMin, rowsAlong, type Along } from '../sql/keyset.ts';
import type { Fragment } from '../sql/condition.ts';
import { eventOf } from './event-of.ts';
import { eventWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export interface Sweep {
  readonly webhookId: string;
  /** Restricts the sweep to visible events, because a webhook that was Global once got everybody's. The caller checks the webhook. */
  readonly visibility: Visibility;
  /** Time range of the events' recording: `from` is included, `to` is not. */
  readonly from?: Date;
  readonly to?: Date;
  readonly state?: DeliveryState;
  readonly eventType?: string;
  /** ID of the last delivery that the request before looked at. */
  readonly cursor?: string;
}

export interface Swept {
  /** Number of deliveries found. */
  readonly count: number;
  /** Cursor of the next request; null when all deliveries were looked at. */
  readonly next: string | null;
}

/** The rows after `after` up to `last`, or up to the end of the sweep when `last` is undefined. */
export interface ScanWindow {
  readonly after: string | undefined;
  readonly last: string | undefined;
}

const windowRows = 1_000;
/** Maximum number of windows in one request. */
const windowsMax = 20;

/** Runs `work` on each window. @param work resolves to the number of deliveries it found. */
export async function forEachWindow(
  database: Database,
  sweep: Sweep,
  work: (window: ScanWindow) => Promise<number>,
): Promise<Swept> {
  let count = 0;
  let after = sweep.cursor;
  for (let window = 0; window < windowsMax; window += 1) {
    const last = await endOf(database, sweep, after);
    count += await work({ after, last });
    if (last === undefined) return { count, next: null };
    after = last;
  }
  return { count, next: after ?? null };
}

/** Selects the wanted deliveries of a window as `d` with their events as `e`: a statement's `from` and `where`. */
export function wantedDeliveries(sweep: Sweep, window: ScanWindow): Fragment {
  const { state, eventType, visibility } = sweep;
  const wanted = conditions([
    state === undefined ? undefined : sql`d.state = ${state}`,
    eventType === undefined ? undefined : sql`e.event = ${eventType}`,
    visibility.kind === 'everything' ? undefined : eventWithin('e', visibility),
  ]);
  const rows = rowsAlong('delivery', { alias: 'd', along: along(sweep, window) });
  return sql`${rows} d cross join lateral ${eventOf('d')} e where ${wanted ?? sql`true`}`;
}

async function endOf(
  database: Database,
  sweep: Sweep,
  after: string | undefined,
): Promise<string | undefined> {
  const { where, order } = along(sweep, { after, last: undefined });
  const { rows } = await sql<{ id: string }>`
    select d.id from delivery d where ${where} order by ${order}
    offset (select ${windowRows - 1}::int) limit 1`.execute(database);
  return rows[0]?.id;
}

/** Oldest first, otherwise as lists go along a webhook's deliveries (`sql/keyset.ts`). */
function along(sweep: Sweep, { after, last }: ScanWindow): Along {
  const { webhookId, from, to } = sweep;
  const bound = (is: Fragment, id: string | undefined): Fragment | undefined =>
    id === undefined
      ? undefined
      : sql`d.id ${is} ${id}::uuid and (d.webhook_id, d.id) ${is} (${webhookId}::uuid, ${id}::uuid)`;
  return {
    where: allOf([
      bound(sql`>`, after),
      bound(sql`>=`, from ? firstIdAt(from) : idMin),
      bound(sql`<=`, last),
      bound(sql`<`, firstIdAt(horizon(to))),
    ]),
    order: sql`d.webhook_id, d.id`,
  };
}
