import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Lanes, type Queued } from '../../src/dispatch/engine/lanes.ts';

const delivery = (webhookId: string): Queued => ({ webhookId, queuedAtMs: 0 });
const lanesOf = (concurrency: number, cap?: number): Lanes<Queued> =>
  new Lanes({
    concurrency,
    slowMs: 1_000,
    limitsOf: () => (cap === undefined ? undefined : { concurrencyMax: cap }),
    clock: () => 0,
  });

function startAll(lanes: Lanes<Queued>): string[] {
  const started: string[] = [];
  for (let next = lanes.next(); next; next = lanes.next()) started.push(next.webhookId);
  return started;
}

describe('lanes', () => {
  it('lets one lane alone use half the pool', () => {
    const lanes = lanesOf(64);
    for (let count = 0; count < 100; count += 1) lanes.add(delivery('a'));
    expect(startAll(lanes)).toHaveLength(32);
  });

  it('fills a pool that grows and drains one that shrinks', () => {
    const lanes = lanesOf(4);
    for (let count = 0; count < 100; count += 1) lanes.add(delivery('a'));
    expect(startAll(lanes)).toHaveLength(2);
    lanes.resize(64);
    expect(startAll(lanes)).toHaveLength(30);
    lanes.resize(2);
    expect(startAll(lanes)).toEqual([]);
    for (let ended = 0; ended < 31; ended += 1) lanes.finish('a', 1);
    expect(startAll(lanes)).toEqual([]);
    lanes.finish('a', 1);
    expect(startAll(lanes)).toHaveLength(1);
  });

  it('takes turns', () => {
    const lanes = lanesOf(8);
    for (const id of ['a', 'a', 'a', 'b', 'b', 'c']) lanes.add(delivery(id));
    expect(startAll(lanes)).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
  });

  it('keeps to a webhook’s own cap', () => {
    const lanes = lanesOf(64, 3);
    for (let count = 0; count < 10; count += 1) lanes.add(delivery('a'));
    expect(startAll(lanes)).toHaveLength(3);
  });

  it('begins no more requests than the webhook’s rate allows, and says when the next may begin', () => {
    let nowMs = 1_000;
    const lanes = new Lanes({
      concurrency: 64,
      slowMs: 1_000,
      limitsOf: () => ({ ratePerSecondMax: 20 }),
      clock: () => nowMs,
    });
    for (let count = 0; count < 200; count += 1) lanes.add(delivery('a'));
    const startedAtMs: number[] = [];
    while (nowMs < 6_000) {
      for (const id of startAll(lanes)) {
        startedAtMs.push(nowMs);
        lanes.finish(id, 1);
      }
      startAll(lanes);
      expect(lanes.readyAtMs).toBeGreaterThan(nowMs);
      nowMs = lanes.readyAtMs;
      lanes.recheck();
    }
    for (const from of startedAtMs) {
      const inOneSecond = startedAtMs.filter(at => at >= from && at < from + 1_000).length;
      // What may come together on top of it is what the rate gives in a tenth of a second, and the first.
      expect(inOneSecond).toBeLessThanOrEqual(20 + 3);
    }
    expect(startedAtMs.length).toBeGreaterThanOrEqual(100);
  });

  it('waits for a batch to be full or old enough, and hands it out as one', () => {
    let nowMs = 0;
    const batch = { eventsMax: 3, waitMs: 100 };
    const lanes = new Lanes({
      concurrency: 8,
      slowMs: 1_000,
      limitsOf: () => ({ batch }),
      clock: () => nowMs,
    });
    lanes.add({ webhookId: 'a', queuedAtMs: 0 });
    expect(lanes.next()).toBeUndefined();
    expect(lanes.readyAtMs).toBe(100);
    lanes.add({ webhookId: 'a', queuedAtMs: 10 });
    expect(lanes.next()).toBeUndefined();
    lanes.add({ webhookId: 'a', queuedAtMs: 20 });
    expect(lanes.next()?.queuedAtMs).toBe(0);
    expect(lanes.more('a', () => true)).toHaveLength(2);
    expect(lanes.inFlight).toBe(1);
    expect(lanes.waiting).toBe(0);
    lanes.finish('a', 1);
    lanes.add({ webhookId: 'a', queuedAtMs: 20 });
    nowMs = 120;
    expect(lanes.next()?.queuedAtMs).toBe(20);
  });

  it('leaves room for the others beside a lane that hangs', () => {
    const lanes = lanesOf(64);
    for (let count = 0; count < 1_000; count += 1) lanes.add(delivery('hung'));
    startAll(lanes);
    for (const id of 'abcdefghi')
      for (let count = 0; count < 3; count += 1) lanes.add(delivery(id));
    expect(startAll(lanes)).toHaveLength(27);
  });

  it('brings a silent lane down to one request at a time, and up again when it answers', () => {
    const lanes = lanesOf(64);
    for (let count = 0; count < 1_000; count += 1) lanes.add(delivery('a'));
    for (const id of startAll(lanes)) lanes.finish(id, undefined);
    expect(startAll(lanes)).toEqual(['a']);
    lanes.finish('a', 5);
    expect(startAll(lanes)).toEqual(['a', 'a']);
  });

  it('gives all slow lanes together half the pool', () => {
    const lanes = lanesOf(8);
    const ids = 'abcdefgh'.split('');
    for (const id of ids) {
      lanes.add(delivery(id));
      startAll(lanes);
      lanes.finish(id, 60_000);
    }
    for (const id of ids) lanes.add(delivery(id));
    expect(startAll(lanes)).toHaveLength(4);
    lanes.add(delivery('quick'));
    expect(startAll(lanes)).toEqual(['quick']);
  });

  it('never exceeds the pool, loses nothing, and always starts something when it is idle', () => {
    const step = fc.oneof(
      fc.record({ add: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.record({ finish: fc.nat(100), silent: fc.boolean(), durationMs: fc.nat(5_000) }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(step, { maxLength: 200 }),
        (concurrency, steps) => {
          const lanes = lanesOf(concurrency);
          const inFlight: string[] = [];
          let added = 0;
          let finished = 0;
          for (const one of steps) {
            if ('add' in one) {
              lanes.add(delivery(one.add));
              added += 1;
            } else if (inFlight.length > 0) {
              const [id = ''] = inFlight.splice(one.finish % inFlight.length, 1);
              lanes.finish(id, one.silent ? undefined : one.durationMs);
              finished += 1;
            }
            inFlight.push(...startAll(lanes));
            expect(lanes.inFlight).toBe(inFlight.length);
            expect(lanes.inFlight).toBeLessThanOrEqual(concurrency);
            expect(lanes.waiting + inFlight.length + finished).toBe(added);
            expect(lanes.inFlight > 0 || lanes.waiting === 0).toBe(true);
          }
        },
      ),
    );
  });
});
