/**
 * The pace of a lane whose receiver says that it gets too many requests: 429, or 503 while it takes others.
 *
 * It is slowed to a part of what the receiver took of late, and grows with each request that is taken: fast until the
 * receiver says so again, slowly from then on, and without end where it takes any number. What is in flight when it says so
 * slows the lane once, however many requests that are.
 *
 * Source: additive increase and multiplicative decrease, as TCP's (RFC 5681), of a rate in place of a window.
 */
import type { Pace } from './model.ts';

const slowedTo = 0.7;
const searchGrowth = 1.5;
const growth = 1.05;
const perSecondMin = 0.5;
/** A receiver that takes so many is not held back any more. */
const perSecondMax = 5_000;
const secondMs = 1_000;

export function createPace(): Pace {
  return {
    perSecond: Infinity,
    isSearching: false,
    slowedAtMs: -Infinity,
    taken: { sinceMs: -Infinity, now: 0, before: 0 },
  };
}

/** The receiver took a request, whatever it answered. */
export function learnTaken(pace: Pace, nowMs: number): void {
  turn(pace, nowMs);
  pace.taken.now += 1;
  if (pace.perSecond === Infinity) return;
  pace.perSecond *= pace.isSearching ? searchGrowth : growth;
  if (pace.perSecond > perSecondMax) pace.perSecond = Infinity;
}

/**
 * The receiver said that it gets too many.
 *
 * @param startedAtMs of the request.
 * @param isCertain false for 503, which also says that it is down: then it counts only while others are taken.
 */
export function learnTooMany(
  pace: Pace,
  { startedAtMs, nowMs, isCertain }: { startedAtMs: number; nowMs: number; isCertain: boolean },
): void {
  turn(pace, nowMs);
  const { now, before } = pace.taken;
  if (startedAtMs <= pace.slowedAtMs || (!isCertain && now + before === 0)) return;
  pace.isSearching = pace.perSecond === Infinity;
  const bearable = pace.isSearching ? Math.max(1, now, before) : pace.perSecond;
  pace.perSecond = Math.max(perSecondMin, bearable * slowedTo);
  pace.slowedAtMs = nowMs;
}

function turn({ taken }: Pace, nowMs: number): void {
  const passedMs = nowMs - taken.sinceMs;
  if (passedMs < secondMs) return;
  taken.before = passedMs < 2 * secondMs ? taken.now : 0;
  taken.now = 0;
  taken.sinceMs = nowMs;
}
