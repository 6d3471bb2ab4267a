import { describe, expect, it } from 'vitest';

import { Scheduler } from '../../src/dispatch/engine/scheduler/scheduler.ts';
import { createPace, learnTaken, learnTooMany } from '../../src/dispatch/engine/scheduler/pace.ts';

const certain = { isCertain: true };

/** A receiver that takes so many requests a second, and says "too many" to the rest. @returns taken and refused. */
function serve(perSecond: number, seconds: number, { isCertain } = certain): [number, number] {
  const pace = createPace();
  let [taken, refused, freeAtMs] = [0, 0, 0];
  for (let nowMs = 0; nowMs < seconds * 1_000; nowMs += Math.max(1, 1_000 / pace.perSecond)) {
    if (nowMs >= freeAtMs) {
      freeAtMs = nowMs + 1_000 / perSecond;
      taken += 1;
      learnTaken(pace, nowMs);
    } else {
      refused += 1;
      learnTooMany(pace, { startedAtMs: nowMs, nowMs, isCertain });
    }
  }
  return [taken, refused];
}

describe('the pace of a lane', () => {
  it.each([
    [1, certain, 1 / 3],
    [5, certain, 1 / 3],
    // A few more, because one alone may be a fault of the moment.
    [5, { isCertain: false }, 1 / 2],
    [50, certain, 1 / 3],
  ])('comes near to %i a second, and is refused seldom', (perSecond, kind, refusedShare) => {
    const [taken, refused] = serve(perSecond, 120, kind);
    expect(taken).toBeGreaterThan(perSecond * 120 * 0.55);
    expect(refused).toBeLessThan(taken * refusedShare);
  });

  it('is found where many requests are on their way when the first is refused', () => {
    const pace = createPace();
    let [taken, refused, beginAtMs, tokens] = [0, 0, 0, 1];
    const answers: (() => void)[] = [];
    for (let nowMs = 0; nowMs < 60_000; nowMs += 1) {
      tokens = Math.min(1, tokens + 0.4);
      if (answers.length >= 5) answers.shift()?.();
      if (nowMs < beginAtMs) {
        answers.push(() => {});
        continue;
      }
      beginAtMs = nowMs + 1_000 / pace.perSecond;
      const isTaken = tokens >= 1;
      if (isTaken) tokens -= 1;
      answers.push(() => {
        const endedAtMs = nowMs + 5;
        if (isTaken) learnTaken(pace, endedAtMs);
        else learnTooMany(pace, { startedAtMs: nowMs, nowMs: endedAtMs, isCertain: true });
        if (isTaken) taken += 1;
        else refused += 1;
      });
    }
    expect(taken).toBeGreaterThan(400 * 60 * 0.55);
    expect(refused).toBeLessThan(taken / 3);
  });

  it('is none where a receiver that bears any number fails now and then', () => {
    const pace = createPace();
    for (let at = 0; at < 10_000; at += 1) {
      if (at % 16 === 0) learnTooMany(pace, { startedAtMs: at, nowMs: at, isCertain: false });
      else learnTaken(pace, at);
    }
    expect(pace.perSecond).toBe(Infinity);
  });

  it('recovers within seconds from a bad second with 503', () => {
    const pace = createPace();
    learnTaken(pace, 0);
    for (let at = 1; at <= 6; at += 1) {
      learnTooMany(pace, { startedAtMs: at, nowMs: at, isCertain: false });
    }
    expect(pace.perSecond).toBe(0.5);
    let nowMs = 10;
    for (; pace.perSecond < 100 && nowMs < 60_000; nowMs += 1_000 / pace.perSecond) {
      learnTaken(pace, nowMs);
    }
    expect(nowMs).toBeLessThan(15_000);
  });

  it('is none until the receiver says that it gets too many', () => {
    const pace = createPace();
    for (let at = 0; at < 1_000; at += 1) learnTaken(pace, at);
    expect(pace.perSecond).toBe(Infinity);
  });

  it('is slowed once by what was in flight, however much it was', () => {
    const pace = createPace();
    for (let at = 0; at < 100; at += 1) learnTaken(pace, at);
    for (let at = 100; at < 150; at += 1) {
      learnTooMany(pace, { startedAtMs: 99, nowMs: at, isCertain: true });
    }
    expect(pace.perSecond).toBe(70);
    learnTooMany(pace, { startedAtMs: 160, nowMs: 170, isCertain: true });
    expect(pace.perSecond).toBeCloseTo(49);
  });

  it('is not slowed by 503 of a receiver that takes nothing: it is down', () => {
    const pace = createPace();
    learnTaken(pace, 0);
    learnTooMany(pace, { startedAtMs: 5_000, nowMs: 5_001, isCertain: false });
    expect(pace.perSecond).toBe(Infinity);
    learnTooMany(pace, { startedAtMs: 5_000, nowMs: 5_001, isCertain: true });
    expect(pace.perSecond).toBe(0.7);
  });

  it('never stands still, and ends where any number is taken', () => {
    const pace = createPace();
    for (let at = 1; at < 100; at += 1) {
      learnTooMany(pace, { startedAtMs: at * 2, nowMs: at * 2 + 1, isCertain: true });
    }
    expect(pace.perSecond).toBe(0.5);
    for (let at = 1; at < 200; at += 1) learnTaken(pace, at * 1_000);
    expect(pace.perSecond).toBe(Infinity);
  });

  it('holds the next request back from the moment it is slowed', () => {
    let nowMs = 0;
    const scheduler = new Scheduler<{ webhookId: string; queuedAtMs: number }>({
      concurrency: 8,
      slowConcurrency: 8,
      slowMs: 1_000,
      slowWaitingMax: 100,
      limitsOf: () => ({ accountId: 'a' }),
      clock: () => nowMs,
    });
    for (let count = 0; count < 3; count += 1) scheduler.add({ webhookId: 'w', queuedAtMs: 0 });
    const first = scheduler.next();
    if (!first) throw new RangeError('the first request may begin');
    nowMs = 10;
    scheduler.tooMany(first, true);
    expect(scheduler.next()).toBeUndefined();
    nowMs = scheduler.readyAtMs;
    // 0.7 of one a second.
    expect(nowMs).toBeCloseTo(10 + 1_000 / 0.7);
    scheduler.recheck();
    expect(scheduler.next()).toBeDefined();
  });
});
