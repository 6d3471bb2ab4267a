/**
 * Times as clouds write them: with a zone, without one, or counted from 1970.
 *
 * A time without a zone is UTC. OpenStack means it so (`2026-11-21 21:47:22.458735`), and JavaScript's own parser
 * would read it in the zone of whatever machine Hookline runs on.
 *
 * Source: openstack/oslo.messaging, Notifier._notify (`timeutils.utcnow()`); pycadf, timestamp (`+0000`).
 */
import { toRfc3339 } from './java-time.ts';

/** The first millisecond of the years 1 and 10000. */
const msMin = -62_135_596_800_000;
const msMax = 253_402_300_800_000;

/**
 * The instant as RFC 3339 in UTC with milliseconds; undefined when the value names none.
 *
 * @param value text, or a number of milliseconds since 1970.
 * @example readInstant('2026-11-21 21:47:22.458735') // '2026-11-21T21:47:22.458Z'
 * @example readInstant(1556703552123) // '2019-05-01T09:39:12.123Z'
 */
export function readInstant(value: unknown): string | undefined {
  if (typeof value === 'string') {
    // RFC 3339 allows `t` and `z`, too.
    const text = value.trim().toUpperCase();
    return toRfc3339(text) ?? toRfc3339(`${text}Z`);
  }
  if (typeof value !== 'number' || !(value >= msMin && value < msMax)) return undefined;
  return new Date(value).toISOString();
}
