/** Recent events with everything that formats and filters read, to try those out before they are saved. */
import { sql, type RawBuilder } from 'kysely';

import type { Envelope } from '../../event/envelope.ts';
import type { Database } from '../database.ts';
import { allOf } from '../sql/condition.ts';
import { inKeysetPage, notBefore, scanWindowEnd } from '../sql/keyset.ts';
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
  const last = await scanWindowEnd(database, sql`event e`, inKeysetPage('e', { limit }));
  const rows = await selectRecent(database, sql`e.body`)
    .where(allOf([notBefore('e', last), eventWithin('e', visibility)]))
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
  const last = await scanWindowEnd(database, sql`event e`, inKeysetPage('e', { limit }));
  const allowed = allOf(within.map(visibility => eventWithin('e', visibility)));
  let cursor: string | undefined;
  for (let left = limit; left > 0;) {
    const page = Math.min(left, scanPageSize);
    const rows = await selectRecent(database, sql`left(e.body, ${bodyCharsMax + 1})`)
      .where(allOf([notBefore('e', last), inKeysetPage('e', { limit, cursor }), allowed]))
      .limit(page)
      .execute();
    yield rows.map(row => ({ ...row, envelope: toEnvelope(row.envelope) }));
    if (rows.length < page) return;
    cursor = rows.at(-1)?.id;
    left -= page;
  }
}

const scanPageSize = 50;

function selectRecent(database: Database, body: RawBuilder<string>) {
  return database
    .selectFrom('event as e')
    .select(['e.id', body.as('body'), envelopeColumn('e').as('envelope')])
    .orderBy('e.id', 'desc');
}
