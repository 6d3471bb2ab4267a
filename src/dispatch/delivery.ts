/** One delivery in memory, and the part of its event that it needs. */
import type { Envelope } from '../event/envelope.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { defaultFormat } from '../format/format.ts';

/** An event on its way out, shared by all its deliveries. */
export interface OutgoingEvent {
  readonly id: string;
  readonly event: string;
  readonly account?: string;
  readonly body: string;
  /** Absent where the event was read back for a webhook whose format does not need it. */
  readonly envelope?: Envelope;
}

export interface Delivery {
  readonly event: OutgoingEvent;
  readonly webhookId: string;
  /** Attempts made so far. */
  readonly tries: number;
  /** The id of its row, when it was claimed; undefined for a fresh one, which has no row yet. */
  readonly deliveryId: string | undefined;
  /** The database has no such webhook any more: nobody is left to deliver to. */
  readonly webhookGone: boolean;
  /** Called once its row is written. */
  readonly written: () => void;
  /** When it was put into its lane, milliseconds of a steady clock. */
  readonly queuedAtMs: number;
}

/** Whether the webhook's format needs more of the event than was read. */
export function lacksEnvelope({ event }: Delivery, { format }: Webhook): boolean {
  return event.envelope === undefined && format !== defaultFormat;
}
