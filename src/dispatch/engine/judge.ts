/** The consequence of an ended attempt for its delivery: delivered, failed, or pending until the next one. */
import { timeOf } from '../../event/id.ts';
import { backoffMs, type RetryPolicy } from '../../outcome/backoff.ts';
import { classify, type SuccessCodes, type Verdict } from '../../outcome/classify.ts';
import type { Outcome } from '../../store/delivery/outcome.ts';
import { receptionOf } from '../../outcome/reception.ts';
import type { Delivery } from '../delivery.ts';
import type { SentAttempt } from '../request/attempt.ts';
import type { Breakers } from './breaker/breakers.ts';

/** The part of an outcome that is not the delivery's identity. */
export type DeliveryProgress = Omit<Outcome, 'eventId' | 'webhookId' | 'deliveryId'>;

export interface AttemptRules {
  /** Maximum number of attempts that cost a try. */
  readonly tries: number;
  readonly backoff: RetryPolicy;
  /** `hold`: a silent attempt costs no try. `fail`: every one does, and the tries follow one another at once. */
  readonly outage: 'hold' | 'fail';
  readonly success: SuccessCodes;
  /** A draw from [0, 1). */
  readonly random: () => number;
  readonly breakers: Pick<Breakers, 'retryAtMs' | 'accepted' | 'failed' | 'failingMs'>;
}

interface Judgement {
  readonly verdict: Verdict['kind'];
  readonly progress: DeliveryProgress;
}

/** Judges an attempt, after its webhook's breaker was told of it. */
export function judgeAttempt(
  attempt: SentAttempt,
  delivery: Delivery,
  rules: AttemptRules,
): Judgement {
  const { success, outage, breakers } = rules;
  const { event, webhookId, tries } = delivery;
  const isHeld = outage === 'hold' && !attempt.unsent;
  if (!isHeld || receptionOf(attempt, success) !== 'silent') {
    return judgeTry(attempt, tries + 1, rules);
  }
  const nextAttemptAtMs = Math.max(
    breakers.retryAtMs(webhookId, timeOf(event.id).getTime()),
    Date.now() + askedMs(attempt, rules),
  );
  return { verdict: 'retry', progress: { state: 'pending', tries, attempt, nextAttemptAtMs } };
}

/** The pause that the receiver asks for, bounded; 0 when it asks for none. */
export function askedMs(
  { status, retryAfterMs = 0 }: SentAttempt,
  { backoff: { waitMsMax } }: Pick<AttemptRules, 'backoff'>,
): number {
  return status === 429 || status === 503 ? Math.min(retryAfterMs, waitMsMax) : 0;
}

/** @param made attempts made that cost a try, this one included. */
function judgeTry(
  attempt: SentAttempt,
  made: number,
  { tries, backoff, outage, success, random }: AttemptRules,
): Judgement {
  // What can never be sent, whoever tries, ends at once, as if the tries were used up.
  const triesMax = attempt.unsent?.isFinal ? made : tries;
  const verdict = classify(attempt, made, triesMax, success);
  const ended = { tries: made, attempt };
  switch (verdict.kind) {
    case 'delivered':
      return { verdict: verdict.kind, progress: { ...ended, state: 'delivered' } };
    case 'retry': {
      const waitMs =
        outage === 'fail'
          ? Math.min(verdict.retryAfterMs, backoff.waitMsMax)
          : backoffMs(backoff, made, random(), verdict.retryAfterMs);
      const nextAttemptAtMs = Date.now() + waitMs;
      return { verdict: verdict.kind, progress: { ...ended, state: 'pending', nextAttemptAtMs } };
    }
    case 'gone':
    case 'failed':
      return { verdict: verdict.kind, progress: { ...ended, state: 'failed' } };
  }
}
