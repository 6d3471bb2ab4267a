/** Tells a webhook's breaker how the receiver took a request, and disables a webhook that has failed for too long. */
import { isOwnEvent } from '../../../event/event.ts';
import type { Reception } from '../../../outcome/reception.ts';
import type { Webhook } from '../../../webhook/webhook.ts';
import type { SentAttempt } from '../../request/attempt.ts';
import { askedMs, type AttemptRules } from '../judge.ts';

type Told = Pick<AttemptRules, 'backoff' | 'outage'> & {
  readonly webhook: Webhook;
  readonly reception: Exclude<Reception, 'ours'>;
  /** Name of the event that was delivered. */
  readonly event: string;
  readonly disableAfterMs: number;
  readonly disable: (webhook: Webhook, reason: string) => void;
};

export function tellBreaker(
  breakers: AttemptRules['breakers'],
  attempt: SentAttempt,
  { webhook, reception, event, backoff, outage, disableAfterMs, disable }: Told,
): void {
  if (reception === 'accepted') return breakers.accepted(webhook.id);
  breakers.failed(webhook.id, {
    isSilent: reception === 'silent' && outage === 'hold',
    error: attempt.error ?? `status ${attempt.status}`,
    askedMs: askedMs(attempt, { backoff }),
    isOwn: isOwnEvent(event),
  });
  const failingMs = breakers.failingMs(webhook.id);
  if (failingMs < disableAfterMs) return;
  const since = new Date(Date.now() - failingMs).toISOString();
  disable(webhook, `every attempt since ${since} failed`);
}
