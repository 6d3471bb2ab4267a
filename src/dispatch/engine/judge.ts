/** The consequence of an ended attempt for its delivery: delivered, failed, or pending until the next one. */
import { backoffMs, type RetryPolicy } from '../../outcome/backoff.ts';
import { classify, type SuccessCodes, type Verdict } from '../../outcome/classify.ts';
import type { Outcome } from '../../store/delivery/outcome.ts';
import type { SentAttempt } from '../request/attempt.ts';

/** The part of an outcome that is not the delivery's identity. */
export type DeliveryProgress = Omit<Outcome, 'eventId' | 'webhookId' | 'deliveryId'>;

export interface AttemptRules {
  /** Maximum number of attempts. */
  readonly tries: number;
  readonly backoff: RetryPolicy;
  readonly success: SuccessCodes;
  /** A draw from [0, 1). */
  readonly random: () => number;
}

/** Judges an attempt. @param made attempts made, this one included. */
export function judgeAttempt(
  attempt: SentAttempt,
  made: number,
  { tries, backoff, success, random }: AttemptRules,
): { readonly verdict: Verdict['kind']; readonly progress: DeliveryProgress } {
  // What can never be sent, whoever tries, ends at once, as if the tries were used up.
  const triesMax = attempt.unsent?.isFinal ? made : tries;
  const verdict = classify(attempt, made, triesMax, success);
  const ended = { tries: made, attempt };
  switch (verdict.kind) {
    case 'delivered':
      return { verdict: verdict.kind, progress: { ...ended, state: 'delivered' } };
    case 'retry': {
      const waitMs = backoffMs(backoff, made, random(), verdict.retryAfterMs);
      const nextAttemptAtMs = Date.now() + waitMs;
      return { verdict: verdict.kind, progress: { ...ended, state: 'pending', nextAttemptAtMs } };
    }
    case 'gone':
    case 'failed':
      return { verdict: verdict.kind, progress: { ...ended, state: 'failed' } };
  }
}
