/**
 * The wait before a failed delivery is tried again.
 *
 * Exponential growth with jitter, bounded on both sides, and never sooner than the receiver asked for. The jitter is
 * "equal": no wait is shorter than half the longest, so that two waits outlast a restart of a second, which waits from 0 on
 * do not.
 *
 * Source: "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015), the "equal jitter" curve; Retry-After per RFC
 * 9110 section 10.2.3.
 */

/** The rules for the waits between attempts. All durations are whole milliseconds. */
export interface RetryPolicy {
  /** Double of the first wait on average, at least 1. */
  readonly baseMs: number;
  /** Double of the longest wait of our own choice on average; a receiver may ask for more, up to `waitMsMax`. */
  readonly capMs: number;
  /** Waits after each attempt, instead of doubling; the last one stays. Never empty. */
  readonly stepsMs?: readonly number[];
  /** Maximum wait that a receiver may ask for. It keeps a bad header from parking a delivery for years. */
  readonly waitMsMax: number;
}

/**
 * The wait before the next attempt, in milliseconds.
 *
 * @param made attempts already made, from 1: after the first failure it is 1.
 * @param random a draw from [0, 1).
 * @param retryAfterMs the receiver's Retry-After, already parsed; 0 when it sent none.
 * @returns an integer in [0, policy.waitMsMax].
 * @throws {RangeError} when `made` is not a positive integer: a bug in the caller, never bad input.
 *
 * @example backoffMs(policy, 3, 0.5) // half of min(capMs, baseMs * 4); a third of it at least, two thirds at most
 */
export function backoffMs(
  policy: RetryPolicy,
  made: number,
  random: number,
  retryAfterMs = 0,
): number {
  if (!Number.isInteger(made) || made < 1) {
    throw new RangeError(`made must be a positive integer, got ${made}`);
  }
  const stepMs = policy.stepsMs?.at(Math.min(made, policy.stepsMs.length) - 1);
  // 2 ** 1024 is Infinity, and min() then yields the cap, so no exponent needs a guard of its own.
  const doubleMs = Math.min(policy.capMs, policy.baseMs * 2 ** (made - 1));
  const chosenMs =
    stepMs === undefined ? (doubleMs * (1 + random)) / 3 : stepMs * (1 + stepSpread * random);
  return Math.min(policy.waitMsMax, Math.max(Math.floor(chosenMs), retryAfterMs));
}

/**
 * Jitter on a configured step: somebody chose the step, so little is added, just enough to spread those that failed
 * together.
 */
const stepSpread = 0.1;
