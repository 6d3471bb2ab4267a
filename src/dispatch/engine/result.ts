/** What the end of an attempt means for its delivery. */
import { backoffMs, type RetryPolicy } from '../../outcome/backoff.ts';
import { classify, type SuccessCodes, type Verdict } from '../../outcome/classify.ts';
import type { Outcome } from '../../store/delivery/outcome.ts';
import type { SentAttempt } from '../request/attempt.ts';

/** What is written of a delivery. */
export type Result = Omit<Outcome, 'eventId' | 'webhookId' | 'deliveryId'>;

export interface ResultOptions {
  /** Attempts in all. */
  readonly tries: number;
  readonly backoff: RetryPolicy;
  readonly success: SuccessCodes;
  /** A draw from [0, 1). */
  readonly random: () => number;
}

/** @param made attempts made, this one included. */
export function resultOf(
  attempt: SentAttempt,
  made: number,
  { tries, backoff, success, random }: ResultOptions,
): { readonly verdict: Verdict['kind']; readonly result: Result } {
  const verdict = classify(attempt, made, attempt.unsent?.isFinal ? made : tries, success);
  const ended = { tries: made, attempt };
  switch (verdict.kind) {
    case 'delivered':
      return { verdict: verdict.kind, result: { ...ended, state: 'delivered' } };
    case 'retry': {
      const waitMs = backoffMs(backoff, made, random(), verdict.retryAfterMs);
      const nextAttemptAtMs = Date.now() + waitMs;
      return { verdict: verdict.kind, result: { ...ended, state: 'pending', nextAttemptAtMs } };
    }
    case 'gone':
    case 'failed':
      return { verdict: verdict.kind, result: { ...ended, state: 'failed' } };
  }
}
