/** An event's envelope, read back from the columns it was written to. */
import { sql, type RawBuilder } from 'kysely';

import type { Envelope } from '../../event/event.ts';
import { instant } from '../sql/instant.ts';

/** A fact that was absent is null. */
export type EnvelopeRow = { readonly [K in keyof Envelope]-?: Envelope[K] | null } & {
  readonly event: string;
};

/** One JSON object with every field of the envelope. @param alias of the table `event`. */
export function envelopeColumn(alias: string): RawBuilder<EnvelopeRow> {
  const e = (name: string) => sql.ref(`${alias}.${name}`);
  return sql`jsonb_build_object('category', ${e('category')}, 'event', ${e('event')}, 'entity', ${e('entity')},
    'entityuuid', ${e('entityuuid')}, 'account', ${e('account')}, 'user', ${e('user_id')}, 'project', ${e('project')},
    'domain', ${e('domain')}, 'status', ${e('status')}, 'eventDateTime', ${instant(`${alias}.event_date_time`)},
    'description', ${e('description')}, 'source', ${e('origin')}, 'details', ${e('details')})`;
}

/** As the normalizer made it, but for the order of the keys in `details`. */
export function toEnvelope(row: EnvelopeRow): Envelope {
  const { event, ...facts } = row;
  const told = Object.entries(facts).filter(([, value]) => value !== null);
  return { event, ...Object.fromEntries(told) };
}
