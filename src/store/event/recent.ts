/** Recent events with everything that formats and filters read, to try those out before they are saved. */
import { sql, type RawBuilder } from 'kysely';

import type { Envelope } from '../../event/envelope.ts';
import type { Database } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import { allOf } from '../sql/condition.ts';
import { alongOf, horizon, rowsAlong, scanWindowEnd } from '../sql/keyset.ts';
import { eventWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';
import { envelopeColumn, toEnvelope } from './envelope.ts';

export interface RecentEvent {
  readonly id: string;
  readonly envelope: Envelope;
  readonly body: string;
}

/** Lists visible events, newest first, among the last ten thousand. */
export async function listRecentEvents(
  database: Database,
  visibility: Visibility,
  { limit, eventType }: { readonly limit: number; readonly eventType?: string },
): Promise<readonly RecentEvent[]> {
  const rows = await selectRecent(database, await windowOf(database), sql`e.body`)
    .where(eventWithin('e', visibility))
    .where(eb => eb.and({ 'e.event': eventType }))
    .limit(limit)
    .execute();
  return rows.map(row => ({ ...row, envelope: toEnvelope(row.envelope) }));
}

export interface ScanQuery {
  /** An event has to be visible to each of them. */
  readonly within: readonly Visibility[];
  readonly limit: number;
  /** Longer bodies are cut after one character more, which shows that they are longer. */
  readonly bodyCharsMax: number;
}

/** Yields visible events in pages, newest first, among the last ten thousand; so no thousand bodies are in memory at once. */
export async function* scanRecentEvents(
  database: Database,
  { within, limit, bodyCharsMax }: ScanQuery,
): AsyncGenerator<readonly RecentEvent[]> {
  const window = await windowOf(database);
  const allowed = allOf(within.map(visibility => eventWithin('e', visibility)));
  let cursor: string | undefined;
  for (let left = limit; left > 0;) {
    const page = Math.min(left, scanPageSize);
    const rows = await selectRecent(
      database,
      { ...window, cursor },
      sql`left(e.body, ${bodyCharsMax + 1})`,
    )
      .where(allowed)
      .limit(page)
      .execute();
    yield rows.map(row => ({ ...row, envelope: toEnvelope(row.envelope) }));
    if (rows.length < page) return;
    cursor = rows.at(-1)?.id;
    left -= page;
  }
}

const scanPageSize = 50;

interface RecentWindow {
  /** Id of its last event; undefined when the table ends before it. */
  readonly last: string | undefined;
  /** Id of the last event of the page before. */
  readonly cursor?: string | undefined;
}

async function windowOf(database: Database): Promise<RecentWindow> {
  const along = alongOf('e', { limit: 0, to: horizon() });
  return { last: await scanWindowEnd(database, 'event', { alias: 'e', along }) };
}

/** The last ten thousand events, newest first. */
export async function recentRows(database: Database): Promise<RawBuilder<Row<'event'>>> {
  const along = alongOf('e', { limit: 0, to: horizon() });
  return rowsAlong('event', { alias: 'e', along, ...(await windowOf(database)) });
}

function selectRecent(
  database: Database,
  { last, cursor }: RecentWindow,
  body: RawBuilder<string>,
) {
  const along = alongOf('e', { limit: 0, to: horizon(), cursor });
  return database
    .selectFrom(rowsAlong('event', { alias: 'e', along, last }).as('e'))
    .select(['e.id', body.as('body'), envelopeColumn('e').as('envelope')])
    .orderBy('e.id', 'desc');
}
