/**
 * The pace of a lane whose receiver says that it gets too many requests: 429, or 503 while it takes others.
 *
 * It is slowed to a part of what the receiver took of late, and grows with each request that is taken: fast until the
 * receiver says so again, slowly from then on, and without end where it takes any number. What is in flight when it says so
 * slows the lane once, however many requests that are. After a 503, which may be a fault of the moment, it grows by one
 * request a second each second at least: a receiver that fails now and then is not held at the pace of its worst second.
 *
 * Source: additive increase and multiplicative decrease, as TCP's (RFC 5681), of a rate in place of a window.
 */
import type { Pace } from './model.ts';

const slowedTo = 0.7;
const searchGrowth = 1.5;
const growth = 1.05;
/** Requests a second by which a pace grows each second at least, where only 503 slowed it. */
const doubtfulGrowth = 1;
/** 503 slows a lane from so many within two seconds on, if they are a fifth of the answers. */
const refusedMin = 3;
const perSecondMin = 0.5;
/** A receiver that takes so many is not held back any more. */
const perSecondMax = 5_000;
const secondMs = 1_000;

export function createPace(): Pace {
  return {
    perSecond: Infinity,
    isSearching: false,
    isCertain: true,
    slowedAtMs: -Infinity,
    taken: { sinceMs: -Infinity, now: 0, before: 0 },
    refused: { now: 0, before: 0 },
  };
}

/** The receiver took a request, whatever it answered. */
export function learnTaken(pace: Pace, nowMs: number): void {
  turn(pace, nowMs);
  pace.taken.now += 1;
  if (pace.perSecond === Infinity) return;
  const extra = pace.isCertain ? 0 : doubtfulGrowth / pace.perSecond;
  pace.perSecond = pace.isSearching
    ? pace.perSecond * searchGrowth
    : Math.max(pace.perSecond * growth, pace.perSecond + extra);
  if (pace.perSecond > perSecondMax) pace.perSecond = Infinity;
}

/**
 * The receiver said that it gets too many.
 *
 * @param startedAtMs of the request.
 * @param isCertain false for 503, which also says that it is down, or has a fault now and then: then it counts only while
 *   others are taken, and where there are several.
 */
export function learnTooMany(
  pace: Pace,
  { startedAtMs, nowMs, isCertain }: { startedAtMs: number; nowMs: number; isCertain: boolean },
): void {
  turn(pace, nowMs);
  pace.refused.now += 1;
  if (startedAtMs <= pace.slowedAtMs || (!isCertain && !isTooMany(pace))) return;
  const { now, before } = pace.taken;
  pace.isSearching = pace.perSecond === Infinity;
  const bearable = pace.isSearching ? Math.max(1, now, before) : pace.perSecond;
  pace.perSecond = Math.max(perSecondMin, bearable * slowedTo);
  pace.slowedAtMs = nowMs;
  pace.isCertain = isCertain;
}

/** Whether 503 of late means a limit: some requests are taken, and more are refused than by a fault now and then. */
function isTooMany({ taken, refused }: Pace): boolean {
  const takenCount = taken.now + taken.before;
  const refusedCount = refused.now + refused.before;
  return takenCount > 0 && refusedCount >= refusedMin && refusedCount * 4 >= takenCount;
}

function turn({ taken, refused }: Pace, nowMs: number): void {
  const passedMs = nowMs - taken.sinceMs;
  if (passedMs < secondMs) return;
  for (const counted of [taken, refused]) {
    counted.before = passedMs < 2 * secondMs ? counted.now : 0;
    counted.now = 0;
  }
  taken.sinceMs = nowMs;
}
