/** One delivery in memory, and the part of its event that it needs. */
import type { Envelope } from '../event/envelope.ts';
import type { Concern } from '../event/event.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { defaultFormat } from '../format/format.ts';

/** An event on its way out, shared by all its deliveries. */
export interface OutgoingEvent extends Concern {
  readonly id: string;
  readonly event: string;
  readonly body: string;
  /** Absent where the event was read back for a webhook whose format does not need it. */
  readonly envelope?: Envelope;
  /** The wish of an operator's that has it delivered again, a UUID. */
  readonly replayId?: string;
}

export interface Delivery {
  readonly event: OutgoingEvent;
  readonly webhookId: string;
  /** When its row says it was made, milliseconds since 1970; a fresh one was made at its event's time. */
  readonly madeAtMs?: number;
  /** Attempts made so far. */
  readonly tries: number;
  /** The id of its row, when it was claimed; undefined for a fresh one, which has no row yet. */
  readonly deliveryId: string | undefined;
  /** The database has no such webhook any more: nobody is left to deliver to. */
  readonly webhookGone: boolean;
  /** Its event was outside of the webhook's scope when it was claimed, by the tables. */
  readonly isOutside: boolean;
  /** Called once its row is written. */
  readonly written: () => void;
  /** When it was put into its lane, milliseconds of a steady clock. */
  readonly queuedAtMs: number;
  /** The part of a refused batch that it goes with, and with nothing else (`request/halving.ts`). */
  readonly part?: object;
}

/** Whether the webhook's format needs more of the event than was read. */
export function lacksEnvelope({ event }: Delivery, { format }: Webhook): boolean {
  return event.envelope === undefined && format !== defaultFormat;
}

/**
 * Whether a delivery has to be claimed once more, for the tables to be asked.
 *
 * - The webhook's format was changed, and needs more of the event than was read.
 * - The index does not say of the event that the webhook's scope covers it. The webhook may have been narrowed or whom the event
 *   concerns have moved since, or this process may be behind another one.
 *
 * @param covered the index's answer; undefined when it knows nobody whom the event concerns. Then a claim, which has asked the
 *   tables, knows better; what is fresh was matched by the index.
 */
export function mustAskAgain(
  delivery: Delivery,
  webhook: Webhook,
  covered: boolean | undefined,
): boolean {
  return lacksEnvelope(delivery, webhook) || !(covered ?? delivery.deliveryId !== undefined);
}
