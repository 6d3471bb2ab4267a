/** Tells a webhook's breaker how the receiver took a request. */
import type { Reception } from '../../../outcome/reception.ts';
import type { SentAttempt } from '../../request/attempt.ts';
import { askedMs, type AttemptRules } from '../judge.ts';

type Told = Pick<AttemptRules, 'backoff' | 'outage'> & {
  readonly webhookId: string;
  readonly reception: Exclude<Reception, 'ours'>;
};

export function tellBreaker(
  breakers: AttemptRules['breakers'],
  attempt: SentAttempt,
  { webhookId, reception, backoff, outage }: Told,
): void {
  if (reception === 'accepted') return breakers.accepted(webhookId);
  breakers.failed(webhookId, {
    isSilent: reception === 'silent' && outage === 'hold',
    error: attempt.error ?? `status ${attempt.status}`,
    askedMs: askedMs(attempt, { backoff }),
    isOwn: false,
  });
}
