/** Whether a delivery may be sent now, as its webhook stands, or else what becomes of it. Pure. */
import type { Concern } from '../../event/event.ts';
import { timeOf } from '../../event/id.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import { mustAskAgain, type Delivery } from '../delivery.ts';

export type Standing =
  | { readonly kind: 'send'; readonly webhook: Webhook }
  /** Not now. @property waitMs until it is claimed again; absent where that is when its webhook lets it. */
  | { readonly kind: 'wait'; readonly waitMs?: number }
  | { readonly kind: 'cancel'; readonly reason: string };

export interface StandingRules {
  readonly webhook: (id: string) => Webhook | undefined;
  /** Whether the webhook's present scope covers the event; undefined when this process knows nobody whom it concerns. */
  readonly covers: (webhook: Webhook, concern: Concern) => boolean | undefined;
}

/** Wait for a webhook that this process does not know yet: another replica may know it a moment earlier. */
const unknownWebhookMs = 1_000;

export function standingOf(delivery: Delivery, { webhook: find, covers }: StandingRules): Standing {
  const webhook = find(delivery.webhookId);
  if (!webhook) {
    if (delivery.webhookGone) return { kind: 'cancel', reason: 'the webhook was deleted' };
    return { kind: 'wait', waitMs: unknownWebhookMs };
  }
  if (webhook.state === 'Disabled') return { kind: 'cancel', reason: 'the webhook is disabled' };
  if (webhook.disabledAtMs !== undefined && madeAtMs(delivery) < webhook.disabledAtMs) {
    return { kind: 'cancel', reason: 'the webhook was disabled' };
  }
  if (webhook.state === 'Paused') return { kind: 'wait' };
  if (delivery.isOutside) {
    return { kind: 'cancel', reason: "the event is outside of the webhook's present scope" };
  }
  // The webhook was changed after the delivery was claimed or matched: claimed again, it comes with what the tables say now.
  if (mustAskAgain(delivery, webhook, covers(webhook, delivery.event))) {
    return { kind: 'wait', waitMs: unknownWebhookMs };
  }
  return { kind: 'send', webhook };
}

const madeAtMs = (delivery: Delivery): number =>
  delivery.madeAtMs ?? timeOf(delivery.event.id).getTime();
