/** Ids that carry their time, so that rows about one event lie together and leave together. */
import { hash } from 'node:crypto';

/**
 * The id of what one event owes one webhook: the same whoever computes it, so that a delivery that several
 * processes write has one row. It keeps the event's time bits (48, as in UUIDv7) and is otherwise a hash;
 * version 8 of RFC 9562.
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

/** When the event with this id was recorded. */
export function timeOf(eventId: string): Date {
  return new Date(Number.parseInt(eventId.slice(0, 8) + eventId.slice(9, 13), 16));
}

function withTimeOf(eventId: string, hex: string): string {
  return `${eventId.slice(0, 14)}8${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}
