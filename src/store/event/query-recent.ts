/** The last events with all that formats and filters look at, to try them out before they are saved. */
import { sql } from 'kysely';

import type { Envelope } from '../../event/envelope.ts';
import { envelopeColumn, toEnvelope, type EnvelopeRow } from './envelope.ts';
import type { Database } from '../database.ts';
import { inKeysetPage, notBefore, scanWindowEnd } from '../sql/keyset.ts';
import { eventWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export interface RecentEvent {
  readonly id: string;
  readonly envelope: Envelope;
  readonly body: string;
}

/** Newest first; of the last ten thousand at most. */
export async function listRecentEvents(
  database: Database,
  visibility: Visibility,
  { limit, eventType }: { readonly limit: number; readonly eventType?: string },
): Promise<readonly RecentEvent[]> {
  const last = await scanWindowEnd(database, sql`event e`, inKeysetPage('e', { limit }));
  const { rows } = await sql<{ id: string; envelope: EnvelopeRow; body: string }>`
    select e.id, ${envelopeColumn('e')} as envelope, e.body from event e
    where ${notBefore('e', last)} and ${eventWithin('e', visibility)}
      and ${eventType === undefined ? sql`true` : sql`e.event = ${eventType}`}
    order by e.id desc limit ${limit}`.execute(database);
  return rows.map(row => ({ ...row, envelope: toEnvelope(row.envelope) }));
}

export interface ScanQuery {
  /** Whose events; each of these has to allow it. */
  readonly within: readonly Visibility[];
  readonly limit: number;
  /** What is longer is cut off one character after. */
  readonly bodyCharsMax: number;
}

/** In pages, so that no thousand bodies are held at once. Newest first; of the last ten thousand at most. */
export async function* scanRecentEvents(
  database: Database,
  { within, limit, bodyCharsMax }: ScanQuery,
): AsyncGenerator<readonly RecentEvent[]> {
  const last = await scanWindowEnd(database, sql`event e`, inKeysetPage('e', { limit }));
  let cursor: string | undefined;
  for (let left = limit; left > 0;) {
    const page = Math.min(left, scanPageSize);
    const { rows } = await sql<{ id: string; envelope: EnvelopeRow; body: string }>`
      select e.id, ${envelopeColumn('e')} as envelope, left(e.body, ${bodyCharsMax + 1}) as body from event e
      where ${notBefore('e', last)} and ${inKeysetPage('e', { limit, ...(cursor !== undefined && { cursor }) })}
        and ${sql.join(
          within.map(visibility => eventWithin('e', visibility)),
          sql` and `,
        )}
      order by e.id desc limit ${page}`.execute(database);
    yield rows.map(row => ({ ...row, envelope: toEnvelope(row.envelope) }));
    if (rows.length < page) return;
    cursor = rows.at(-1)?.id;
    left -= page;
  }
}

const scanPageSize = 50;
