/** Ids that carry their time, so that rows about one event lie together and are dropped together. */
import { hash } from 'node:crypto';

/**
 * Generates UUIDv7s, each above the one before, also within a millisecond and when the clock steps back.
 *
 * The 12 bits behind the time count within it (RFC 9562 section 6.2, method 1); 62 bits are random.
 *
 * @param now milliseconds since 1970.
 * @param randomBytes node:crypto's function; it is asked for kilobytes at a time, which costs as much as asking for 16.
 */
export function createIdGenerator(
  now: () => number,
  randomBytes: (count: number) => Buffer,
): () => string {
  let lastMs = 0;
  let count = 0;
  let random = '';
  let used = 0;
  return () => {
    const ms = now();
    if (ms > lastMs) [lastMs, count] = [ms, 0];
    else if (count < 0xf_ff) count += 1;
    else [lastMs, count] = [lastMs + 1, 0];
    if (used === random.length) [random, used] = [randomBytes(randomPool).toString('hex'), 0];
    const bits = random.slice(used, used + randomDigits);
    used += randomDigits;
    const time = lastMs.toString(16).padStart(12, '0');
    const order = count.toString(16).padStart(3, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${order}-${variantOf(bits)}${bits.slice(1, 4)}-${bits.slice(4)}`;
  };
}

const randomDigits = 16;
const randomPool = 4_096;

/** The two variant bits `10` before the digit's two lower bits. */
function variantOf(bits: string): string {
  return (8 | (Number.parseInt(bits.charAt(0), 16) & 3)).toString(16);
}

/**
 * The id of the delivery of one event to one webhook: the same whoever computes it, so that a delivery that several
 * processes write has one row. It keeps the event's time bits (48, as in UUIDv7) and is otherwise a hash; version 8 of
 * RFC 9562.
 *
 * @example deliveryId('01a1fb67-1801-7abc-8def-0123456789ab', webhookId) // '01a1fb67-1801-8…'
 */
export function deliveryId(eventId: string, webhookId: string): string {
  return withTimeOf(eventId, hash('sha256', `${eventId}/${webhookId}`, 'hex'));
}

/**
 * The id of a further delivery of an event (a redelivery): in the same day's partition, otherwise random.
 *
 * @param random 32 hexadecimal digits.
 */
export function redeliveryId(eventId: string, random: string): string {
  return withTimeOf(eventId, random);
}

/** The time at which the event with this id was recorded. */
export function timeOf(eventId: string): Date {
  return new Date(Number.parseInt(eventId.slice(0, 8) + eventId.slice(9, 13), 16));
}

function withTimeOf(eventId: string, hex: string): string {
  return `${eventId.slice(0, 14)}8${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}
