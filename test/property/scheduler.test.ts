import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { LaneLimits, Queued, Slot } from '../../src/dispatch/engine/scheduler/model.ts';
import { Scheduler } from '../../src/dispatch/engine/scheduler/scheduler.ts';

/** A model of receivers and a clock: requests end when their receiver answers, or at the deadline. */
class Model {
  nowMs = 0;
  readonly scheduler: Scheduler<Queued>;
  readonly running: { readonly slot: Slot<Queued>; readonly endsAtMs: number }[] = [];
  readonly waitedMs = new Map<string, number[]>();
  inFlightMax = 0;
  ended = 0;
  readonly deadlineMs: number;
  readonly answerMsOf: (webhookId: string, count: number) => number;
  readonly #counts = new Map<string, number>();

  constructor(options: {
    readonly quick?: number;
    readonly slow?: number;
    readonly slowMs?: number;
    readonly deadlineMs?: number;
    readonly limitsOf?: (webhookId: string) => Partial<LaneLimits>;
    readonly answerMsOf?: (webhookId: string, count: number) => number;
  }) {
    const { quick = 64, slow = 1_024, slowMs = 250, deadlineMs = 10_000 } = options;
    this.deadlineMs = deadlineMs;
    this.answerMsOf = options.answerMsOf ?? (() => 1);
    this.scheduler = new Scheduler({
      concurrency: quick,
      slowConcurrency: slow,
      slowMs,
      slowWaitingMax: 2_500,
      // `b7`: the webhook 7 of account b.
      limitsOf: id => ({ accountId: id.slice(0, 1), ...options.limitsOf?.(id) }),
      clock: () => this.nowMs,
    });
  }

  add(webhookId: string, count = 1): void {
    for (let index = 0; index < count; index += 1) {
      this.scheduler.add({ webhookId, queuedAtMs: this.nowMs });
    }
    this.startAll();
  }

  startAll(): string[] {
    const started: string[] = [];
    for (let slot = this.scheduler.next(); slot; slot = this.scheduler.next()) {
      const { webhookId, queuedAtMs } = slot.delivery;
      started.push(webhookId);
      const count = this.#counts.get(webhookId) ?? 0;
      this.#counts.set(webhookId, count + 1);
      const waited = this.waitedMs.get(webhookId) ?? [];
      waited.push(this.nowMs - queuedAtMs);
      this.waitedMs.set(webhookId, waited);
      const tookMs = Math.min(this.deadlineMs, this.answerMsOf(webhookId, count));
      this.running.push({ slot, endsAtMs: this.nowMs + tookMs });
    }
    this.inFlightMax = Math.max(this.inFlightMax, this.scheduler.inFlight);
    return started;
  }

  end(index: number): void {
    const [one] = this.running.splice(index, 1);
    if (!one) return;
    const tookMs = this.nowMs - one.slot.startedAtMs;
    if (tookMs >= this.deadlineMs) this.scheduler.silent(one.slot);
    else this.scheduler.answered(one.slot, tookMs);
    this.ended += 1;
  }

  /** Lets time pass, and everything happen that happens in it. */
  run(untilMs: number): void {
    for (;;) {
      const next = Math.min(...this.running.map(({ endsAtMs }) => endsAtMs));
      const atMs = Math.min(next, this.scheduler.readyAtMs);
      if (atMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, atMs);
      this.scheduler.recheck();
      for (let index = this.running.length - 1; index >= 0; index -= 1) {
        if ((this.running[index]?.endsAtMs ?? Infinity) <= this.nowMs) this.end(index);
      }
      this.startAll();
    }
    this.nowMs = untilMs;
  }

  slowest(webhookId: string): number {
    return Math.max(...(this.waitedMs.get(webhookId) ?? [Infinity]));
  }
}

const hung = Infinity;

describe('the scheduler', () => {
  it('begins with one request to a receiver it has not met, and with more as it answers', () => {
    const model = new Model({});
    model.add('a', 2_000);
    expect(model.running).toHaveLength(1);
    model.run(1);
    expect(model.running).toHaveLength(2);
    model.run(10);
    expect(model.scheduler.state('a')?.inFlight).toBe(32);
  });

  it('takes turns', () => {
    const model = new Model({ answerMsOf: () => 4 });
    for (const id of ['a', 'b', 'c']) model.add(id, 50);
    model.run(80);
    const counts = ['a', 'b', 'c'].map(id => model.waitedMs.get(id)?.length ?? 0);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  });

  it('serves an account as much with one webhook as another with many', () => {
    const model = new Model({ quick: 4, answerMsOf: () => 10 });
    for (let number = 0; number < 9; number += 1) model.add(`b${number}`, 200);
    model.add('a', 400);
    model.run(2_000);
    const a = model.waitedMs.get('a')?.length ?? 0;
    const b = model.ended - a;
    expect(a / b).toBeGreaterThan(0.8);
  });

  it("keeps to a webhook's own cap", () => {
    const model = new Model({ limitsOf: () => ({ concurrencyMax: 3 }) });
    model.add('a', 100);
    model.run(20);
    expect(model.scheduler.state('a')?.inFlight).toBe(3);
  });

  it('fills a pool that grows and drains one that shrinks', () => {
    const model = new Model({ quick: 4, answerMsOf: () => 5 });
    model.add('a', 20_000);
    model.run(100);
    expect(model.scheduler.inFlight).toBe(2);
    model.scheduler.resize(64);
    model.run(500);
    expect(model.scheduler.inFlight).toBe(32);
    model.scheduler.resize(2);
    model.run(520);
    expect(model.scheduler.inFlight).toBe(1);
  });

  it("begins no more requests than the webhook's rate allows, and says when the next may begin", () => {
    const model = new Model({ limitsOf: () => ({ ratePerSecondMax: 20 }) });
    model.add('a', 200);
    model.run(5_000);
    const startedAtMs = model.waitedMs.get('a') ?? [];
    for (const from of startedAtMs) {
      const inOneSecond = startedAtMs.filter(at => at >= from && at < from + 1_000).length;
      // What may come together on top of it is what the rate gives in a tenth of a second, and the first.
      expect(inOneSecond).toBeLessThanOrEqual(20 + 3);
    }
    expect(startedAtMs.length).toBeGreaterThanOrEqual(100);
  });

  it('waits for a batch to be full or old enough, and hands it out as one', () => {
    const batch = { eventsMax: 3, waitMs: 100 };
    const model = new Model({ limitsOf: () => ({ batch }) });
    model.add('a');
    expect(model.scheduler.readyAtMs).toBe(100);
    model.nowMs = 10;
    model.add('a');
    expect(model.running).toHaveLength(0);
    model.add('a');
    const [first] = model.running;
    expect(first?.slot.delivery.queuedAtMs).toBe(0);
    expect(first && model.scheduler.more(first.slot, () => true)).toHaveLength(2);
    expect(model.scheduler.waiting).toBe(0);
    model.run(20);
    model.add('a');
    expect(model.running).toHaveLength(0);
    model.run(119);
    expect(model.running).toHaveLength(0);
    model.run(120);
    expect(model.ended + model.running.length).toBe(2);
  });

  it('brings a silent lane down to one request at a time, and up again when it answers', () => {
    let isSilent = false;
    const model = new Model({ answerMsOf: () => (isSilent ? hung : 2) });
    model.add('a', 20_000);
    model.run(100);
    isSilent = true;
    model.run(100_000);
    expect(model.scheduler.state('a')).toMatchObject({ inFlight: 1, limit: 1 });
    isSilent = false;
    model.run(200_000);
    expect(model.waitedMs.get('a')).toHaveLength(20_000);
  });

  it('goes on with a lane that becomes quick while it holds more slow slots than there are quick ones', () => {
    const model = new Model({
      quick: 8,
      answerMsOf: (_, count) => (count < 255 ? 300 : 1 + (count % 3)),
    });
    model.add('a', 2_000);
    model.run(60_000);
    expect(model.waitedMs.get('a')).toHaveLength(2_000);
    expect(model.scheduler.inFlight).toBe(0);
  });

  it.each([64, 200, 1_000])(
    'lets a quick receiver beside %i of another account that hang wait for nothing',
    count => {
      const model = new Model({ answerMsOf: id => (id === 'a' ? 2 : hung) });
      for (let second = 0; second < 40; second += 1) {
        for (let number = 0; number < count; number += 1) model.add(`b${number}`);
        for (let at = 0; at < 10; at += 1) {
          model.add('a');
          model.run(second * 1_000 + (at + 1) * 100);
        }
      }
      expect(model.waitedMs.get('a')).toHaveLength(400);
      expect(model.slowest('a')).toBeLessThanOrEqual(2);
    },
  );

  it('lets it wait for nothing beside 50 accounts with 20 hung ones each', () => {
    const model = new Model({ answerMsOf: id => (id === 'a' ? 2 : hung) });
    const others = Array.from({ length: 50 }, (_, at) => String.fromCodePoint(0x100 + at));
    for (let second = 0; second < 25; second += 1) {
      for (const other of others) {
        for (let number = 0; number < 20; number += 1) model.add(`${other}${number}`);
      }
      for (let at = 0; at < 10; at += 1) {
        model.add('a');
        model.run(second * 1_000 + (at + 1) * 100);
      }
    }
    expect(model.slowest('a')).toBeLessThanOrEqual(2);
  });

  it('holds in memory only what a lane can send soon, and of slow lanes no more than a share', () => {
    const model = new Model({ answerMsOf: id => (id === 'a' ? 2 : hung) });
    model.add('a', 64);
    model.run(1_000);
    expect(model.scheduler.roomOf('a')).toBeGreaterThan(1_000);
    let held = 0;
    for (let number = 0; number < 1_000; number += 1) {
      const room = model.scheduler.roomOf(`b${number}`);
      for (let more = 0; more < room; more += 1) model.add(`b${number}`);
      held += Math.max(0, room);
    }
    expect(held).toBeLessThanOrEqual(2_500);
    expect(model.scheduler.roomOf('c1')).toBeGreaterThan(10);
  });

  it('keeps the bound of the decision record for random receivers', () => {
    const kinds = fc.constantFrom('quick', 'slow', 'hung', 'fickle');
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom(...'b c d e f g h'.split(' ')),
            kinds,
            fc.integer({ min: 1, max: 30 }),
          ),
          {
            minLength: 1,
            maxLength: 40,
          },
        ),
        fc.infiniteStream(fc.integer({ min: 0, max: 39 })),
        (lanes, draws) => {
          const slowMs = 250;
          const model = new Model({
            quick: 8,
            slow: 64,
            slowMs,
            answerMsOf: (id, count) => {
              if (id === 'a') return 2;
              const [, kind, base] = lanes[Number(id.slice(1))] ?? [];
              if (kind === 'quick') return base ?? 1;
              if (kind === 'slow') return 300 + (base ?? 1) * 40;
              if (kind === 'hung') return hung;
              return count % 2 === 0 ? 1 : hung;
            },
          });
          for (let at = 0; at < 300; at += 1) {
            for (let more = 0; more < 3; more += 1) {
              const number = draws.next().value % lanes.length;
              model.add(`${lanes[number]?.[0]}${number}`, 2);
            }
            model.add('a');
            model.run((at + 1) * 50);
          }
          expect(model.waitedMs.get('a')).toHaveLength(300);
          expect(model.slowest('a')).toBeLessThanOrEqual(slowMs);
          expect(model.inFlightMax).toBeLessThanOrEqual(8 + 64);
        },
      ),
    );
  });

  it('never exceeds its pools, loses nothing, and always starts something when it is idle', () => {
    const step = fc.oneof(
      fc.record({ add: fc.constantFrom('a1', 'a2', 'b1', 'c1') }),
      fc.record({
        finish: fc.nat(100),
        how: fc.constantFrom('answered', 'silent', 'release'),
        ms: fc.oneof(fc.nat(100), fc.nat(5_000)),
      }),
      fc.record({ passMs: fc.nat(600) }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.array(step, { maxLength: 200 }),
        (quick, slow, steps) => {
          const model = new Model({ quick, slow });
          const { scheduler, running } = model;
          let added = 0;
          let finished = 0;
          for (const one of steps) {
            if ('add' in one) {
              model.add(one.add);
              added += 1;
            } else if ('passMs' in one) {
              model.nowMs += one.passMs;
              scheduler.recheck();
            } else if (running.length > 0) {
              const [ended] = running.splice(one.finish % running.length, 1);
              if (ended && one.how === 'answered') scheduler.answered(ended.slot, one.ms);
              else if (ended && one.how === 'silent') scheduler.silent(ended.slot);
              else if (ended) scheduler.release(ended.slot);
              finished += 1;
            }
            model.startAll();
            expect(scheduler.inFlight).toBe(running.length);
            expect(scheduler.inFlight).toBeLessThanOrEqual(quick + slow);
            expect(scheduler.waiting + running.length + finished).toBe(added);
            expect(scheduler.inFlight > 0 || scheduler.waiting === 0).toBe(true);
          }
        },
      ),
    );
  });
});
