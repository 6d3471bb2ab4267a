/** Reads an event's envelope from the columns of the table `event`. */
import { sql, type RawBuilder } from 'kysely';

import { envelopeFacts, factNames } from '../../event/envelope.ts';
import type { Envelope, FactName } from '../../event/envelope.ts';
import type { Proven, ProvenFact } from '../../event/event.ts';
import { instant } from '../sql/instant.ts';

/** An envelope as the columns have it: an absent fact is null. */
export type EnvelopeRow = { readonly [K in keyof Envelope]-?: Envelope[K] | null } & {
  readonly event: string;
};

/** Whom an event concerns, as the columns have it. */
export type ProvenRow = { readonly [F in ProvenFact]: string | null };

/** Whom the event concerns, as the normalizer told. */
export function toProven({ provenDomain, provenUser }: ProvenRow): Proven {
  return {
    ...(provenDomain !== null && { provenDomain }),
    ...(provenUser !== null && { provenUser }),
  };
}

/** The envelope as one JSON object. @param alias alias of the table `event`. */
export function envelopeColumn(alias: string): RawBuilder<EnvelopeRow> {
  const pairs = factNames.map(fact => sql`${sql.lit(fact)}, ${valueOf(fact, alias)}`);
  return sql`jsonb_build_object(${sql.join(pairs)})`;
}

/** The envelope as columns of a select list, each under its fact's name. @param alias alias of the table `event`. */
export function envelopeColumns(alias: string): RawBuilder<unknown> {
  return sql.join(factNames.map(fact => sql`${valueOf(fact, alias)} as ${sql.id(fact)}`));
}

function valueOf(fact: FactName, alias: string): RawBuilder<unknown> {
  const { kind, column } = envelopeFacts[fact];
  return kind === 'instant' ? instant(`${alias}.${column}`) : sql.ref(`${alias}.${column}`);
}

/** The envelope as the normalizer made it, except for the order of keys in `details`. */
export function toEnvelope(row: EnvelopeRow): Envelope {
  const { event, ...facts } = row;
  const told = Object.entries(facts).filter(([, value]) => value !== null);
  return { event, ...Object.fromEntries(told) };
}
