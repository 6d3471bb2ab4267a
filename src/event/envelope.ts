/** The envelope as JSON: the body of every event that did not come with a body of its own (contract 1.5). */
import type { Envelope } from './event.ts';

/** @example '{"id":"01a1fb67-…","event":"compute.instance.create.end","entity":"instance", …}' */
export function envelopeJson(id: string, envelope: Envelope): string {
  return JSON.stringify({ id, ...envelope });
}
