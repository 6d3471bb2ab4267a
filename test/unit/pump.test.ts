import { setImmediate as nextTurn } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { Pump } from '../../src/dispatch/engine/pump.ts';
import type { Slot } from '../../src/dispatch/engine/scheduler/model.ts';
import { Scheduler } from '../../src/dispatch/engine/scheduler/scheduler.ts';

interface Waiting {
  readonly webhookId: string;
  readonly queuedAtMs: number;
}

const queued = (webhookId: string): Waiting => ({ webhookId, queuedAtMs: 0 });

/** Longer than requests to slow receivers may take of one turn of the event loop. */
const startMs = 3;

function busyFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

function openPump(onStart: (slot: Slot<Waiting>) => void) {
  const scheduler = new Scheduler<Waiting>({
    concurrency: 64,
    slowConcurrency: 1_024,
    slowMs: 1_000,
    slowWaitingMax: 1_000,
    limitsOf: id => ({ accountId: id }),
    clock: () => 0,
  });
  const pump = new Pump(scheduler, onStart);
  return { scheduler, pump };
}

describe('requests to receivers that nobody has met', () => {
  it('are begun a few in each turn of the event loop, and all in the end', async () => {
    const started: string[] = [];
    const { scheduler, pump } = openPump(slot => {
      busyFor(startMs);
      started.push(slot.delivery.webhookId);
    });
    for (const id of ['a', 'b', 'c']) scheduler.add(queued(id));
    pump.run();
    expect(started).toHaveLength(1);
    pump.run();
    expect(started).toHaveLength(1);
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
    expect(started.toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('do not hold up those to receivers that answer', async () => {
    const started: string[] = [];
    const slots: Slot<Waiting>[] = [];
    const { scheduler, pump } = openPump(slot => {
      if (slot.delivery.webhookId !== 'known') busyFor(startMs);
      started.push(slot.delivery.webhookId);
      slots.push(slot);
    });
    scheduler.add(queued('known'));
    pump.run();
    const [met] = slots;
    if (!met) throw new RangeError('the first request was begun');
    scheduler.answered(met, 1);
    await nextTurn();
    for (const id of ['a', 'b', 'c']) scheduler.add(queued(id));
    pump.run();
    scheduler.add(queued('known'));
    pump.run();
    expect(started).toEqual(['known', 'a', 'known']);
    pump.stop();
  });

  it('are not begun any more after a stop', async () => {
    const started: string[] = [];
    const { scheduler, pump } = openPump(slot => {
      busyFor(startMs);
      started.push(slot.delivery.webhookId);
    });
    for (const id of ['a', 'b']) scheduler.add(queued(id));
    pump.run();
    pump.stop();
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
    expect(started).toHaveLength(1);
  });
});
