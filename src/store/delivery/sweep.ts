/**
 * A walk along a webhook's deliveries, oldest event first, that changes what it finds: so many rows at a time and so many
 * in all, so that one request is a short transaction however many deliveries there are. Where it stopped it goes on.
 */
import { sql } from 'kysely';

import type { DeliveryState } from '../../event/delivery.ts';
import type { Database } from '../database.ts';
import { conditions } from '../sql/condition.ts';
import { firstIdAt } from '../sql/keyset.ts';
import type { Fragment } from '../sql/condition.ts';
import { eventWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export interface Sweep {
  readonly webhookId: string;
  /** Whose events: a webhook that was Global once has had everybody's. The webhook itself was looked for before. */
  readonly visibility: Visibility;
  /** Of deliveries whose event was recorded at or after; before. */
  readonly from?: Date;
  readonly to?: Date;
  readonly state?: DeliveryState;
  readonly eventType?: string;
  /** Id of the last delivery looked at before. */
  readonly cursor?: string;
}

export interface Swept {
  /** Deliveries found. */
  readonly count: number;
  /** Id to go on after; null when all were looked at. */
  readonly next: string | null;
}

/** The rows after `after` up to `last`; to the end of the sweep without it. */
export interface ScanWindow {
  readonly after: string | undefined;
  readonly last: string | undefined;
}

const windowRows = 1_000;
/** Rows looked at in one sweep. */
const windowsMax = 20;

/** @param work on one window, which says how many it found. */
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

/** `from` and `where` of the deliveries of a window, as `d`, with their events, as `e`. */
export function wantedDeliveries(sweep: Sweep, { after, last }: ScanWindow): Fragment {
  const { state, eventType, visibility } = sweep;
  const wanted = conditions([
    along('d.id', sweep, after),
    sql`d.webhook_id = ${sweep.webhookId}`,
    last === undefined ? undefined : sql`d.id <= ${last}::uuid`,
    state === undefined ? undefined : sql`d.state = ${state}`,
    eventType === undefined ? undefined : sql`e.event = ${eventType}`,
    visibility.kind === 'everything' ? undefined : eventWithin('e', visibility),
  ]);
  return sql`delivery d join event e on e.id = d.event_id where ${wanted}`;
}

async function endOf(
  database: Database,
  sweep: Sweep,
  after: string | undefined,
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from delivery where webhook_id = ${sweep.webhookId} and ${along('id', sweep, after)}
    order by id offset ${windowRows - 1} limit 1`.execute(database);
  return rows[0]?.id;
}

function along(column: string, { from, to }: Sweep, after: string | undefined): Fragment {
  const id = sql.ref(column);
  return (
    conditions([
      after === undefined ? undefined : sql`${id} > ${after}::uuid`,
      from === undefined ? undefined : sql`${id} >= ${firstIdAt(from)}::uuid`,
      to === undefined ? undefined : sql`${id} < ${firstIdAt(to)}::uuid`,
    ]) ?? sql`true`
  );
}
