/**
 * Classifies an attempt: delivered, to be tried again, or failed.
 *
 * CloudStack counts 200 alone as success; we count every 2xx (contract 1.5) unless the operator narrows it. A redirect
 * is a failure and is never followed. Everything that is not a success is tried again while tries are left, as
 * CloudStack does, except 410: the receiver says it is gone for good.
 */
import type { Attempt } from '../event/delivery.ts';

/** `2xx`, or the list of the only statuses that are a success. */
export type SuccessCodes = '2xx' | readonly number[];

export type Verdict =
  | { readonly kind: 'delivered' }
  /** Worth another try, not before `retryAfterMs` has passed. */
  | { readonly kind: 'retry'; readonly retryAfterMs: number }
  /** The last try failed. */
  | { readonly kind: 'failed' }
  /** 410: the delivery failed and the webhook is to be disabled. */
  | { readonly kind: 'gone' };

/** Classifies an attempt. @param made attempts made, this one included. @param tries attempts allowed in all. */
export function classify(
  attempt: Pick<Attempt, 'status' | 'retryAfterMs'>,
  made: number,
  tries: number,
  success: SuccessCodes,
): Verdict {
  const { status } = attempt;
  if (status !== undefined && isSuccess(status, success)) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone' };
  if (made >= tries) return { kind: 'failed' };
  const asked = status === 429 || status === 503 ? (attempt.retryAfterMs ?? 0) : 0;
  return { kind: 'retry', retryAfterMs: asked };
}

export function isSuccess(status: number, success: SuccessCodes): boolean {
  return success === '2xx' ? status >= 200 && status < 300 : success.includes(status);
}
