/**
 * The breaker of one webhook: pure, a state and what an ended attempt makes of it.
 *
 * It is *closed* while deliveries go out as they come. A silent attempt opens it: at once where the receiver has not accepted
 * anything yet or asked for a pause (Retry-After), otherwise the third in a row. While it is *open* nothing is sent. When the
 * time of its probe has come it is *half-open*: one delivery goes out, and its attempt decides. Accepted closes the breaker;
 * silence opens it again, for a quarter of the time that the outage has lasted, from a second to an hour; a refusal shows a
 * receiver that is up but not well, so the next probe comes after the shortest wait.
 *
 * Source: Nygard, "Release It!", circuit breaker.
 */

/** All instants are milliseconds since 1970. */
export interface Breaker {
  /** Failed attempts in a row. */
  readonly failures: number;
  /** Silent attempts in a row. */
  readonly silences: number;
  /** Whether the receiver has accepted anything, as far as this process knows. */
  readonly hasAccepted: boolean;
  /** When the first of the failures in a row ended. */
  readonly failingSinceMs?: number | undefined;
  readonly lastError?: string | undefined;
  /** Absent while it is closed. */
  readonly open?: { readonly sinceMs: number; readonly probeAtMs: number } | undefined;
  /** Whether one of the failures in a row was of a cloud's event, not of Hookline's own. */
  readonly isNotable: boolean;
}

export interface Failure {
  readonly isSilent: boolean;
  /** When the attempt ended. */
  readonly atMs: number;
  readonly error?: string | undefined;
  /** The pause that the receiver asked for; 0 when it asked for none. */
  readonly askedMs: number;
  /** Whether the delivery was of one of Hookline's own events. */
  readonly isOwn: boolean;
  /** A draw from [0, 1). */
  readonly random: number;
}

/** Number of failed attempts in a row that make a webhook `failing`. */
export const failuresMax = 3;
/** Number of silent attempts in a row that open the breaker of a receiver that has accepted something. */
const silencesMax = 3;

const shortestWaitMs = 1_000;
const longestWaitMs = 3_600_000;
const outageShare = 0.25;
/** Spreads the probes of those that failed together. */
const spread = 0.1;

/** The breaker of a webhook that nobody has met yet. */
export const unmet: Breaker = { failures: 0, silences: 0, hasAccepted: false, isNotable: false };
/** The breaker of a webhook whose receiver accepted the last attempt. */
export const well: Breaker = { failures: 0, silences: 0, hasAccepted: true, isNotable: false };

/** The wait before the next probe, in milliseconds. @param lastedMs how long the outage has lasted. */
export function probeWaitMs(lastedMs: number, random: number): number {
  const waitMs = Math.max(shortestWaitMs, lastedMs * outageShare);
  return Math.min(longestWaitMs, Math.ceil(waitMs * (1 + spread * random)));
}

/** The breaker after a failed attempt. */
export function afterFailure(before: Breaker, failure: Failure): Breaker {
  const { isSilent, atMs, error, isOwn } = failure;
  const counted = {
    ...before,
    failures: before.failures + 1,
    silences: isSilent ? before.silences + 1 : 0,
    failingSinceMs: before.failingSinceMs ?? atMs,
    lastError: error ?? before.lastError,
    isNotable: before.isNotable || !isOwn,
  };
  return { ...counted, open: openAfter(counted, failure) };
}

function openAfter(
  { open, silences, hasAccepted }: Breaker,
  { isSilent, atMs, askedMs, random }: Failure,
): Breaker['open'] {
  if (!isSilent) return open && { ...open, probeAtMs: atMs + shortestWaitMs };
  const opens = open !== undefined || askedMs > 0 || silences >= (hasAccepted ? silencesMax : 1);
  if (!opens) return undefined;
  const sinceMs = open?.sinceMs ?? atMs;
  return { sinceMs, probeAtMs: atMs + Math.max(askedMs, probeWaitMs(atMs - sinceMs, random)) };
}

export type BreakerPhase = 'closed' | 'open' | 'half-open';

export function phaseOf({ open }: Breaker, nowMs: number): BreakerPhase {
  if (!open) return 'closed';
  return nowMs < open.probeAtMs ? 'open' : 'half-open';
}

/** The breaker as people see it. */
export function stateOf({ open, failures }: Breaker): 'ok' | 'failing' | 'open' {
  if (open) return 'open';
  return failures >= failuresMax ? 'failing' : 'ok';
}
