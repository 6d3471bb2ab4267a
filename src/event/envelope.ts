/** The envelope as JSON: the body of every event that did not come with a body of its own (contract 1.5). */
import type { Envelope } from './event.ts';

/** @example '{"id":"01a1fb67-…","event":"compute.instance.create.end","entity":"instance", …}' */
export function envelopeJson(id: string, envelope: Envelope): string {
  return JSON.stringify({ id, ...envelope });
}

/** In the order in which people read them. */
const fields = [
  'category',
  'event',
  'entity',
  'entityuuid',
  'account',
  'user',
  'project',
  'domain',
  'status',
  'eventDateTime',
  'description',
  'source',
] as const satisfies readonly Exclude<keyof Envelope, 'details'>[];

/**
 * The same envelope with its keys in one order, at every depth: PostgreSQL keeps those of `details` in an order of its
 * own, and the second try, which comes from there, is to have the bytes of the first.
 */
export function orderEnvelope(envelope: Envelope): Envelope {
  const { event, details } = envelope;
  const told = fields.flatMap(field => {
    const value = envelope[field];
    return value === undefined ? [] : [[field, value] as const];
  });
  return {
    ...Object.fromEntries(told),
    event,
    ...(details !== undefined && { details: Object.fromEntries(sortedEntries(details)) }),
  };
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(sortedEntries(value));
}

function sortedEntries(object: object): [string, unknown][] {
  return Object.entries(object)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [key, ordered(value)]);
}
