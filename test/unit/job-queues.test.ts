import { describe, expect, it } from 'vitest';

import { JobQueues } from '../../src/render/job-queues.ts';
import type { Pace } from '../../src/render/job-queues.ts';

const everyone: readonly Pace[] = ['new', 'slow', 'fair', 'fast'];

function taken(lanes: JobQueues<number>, order: readonly Pace[] = everyone): string | undefined {
  const turn = lanes.take(order);
  return turn && `${turn.pace} ${turn.key}${turn.job}`;
}

/** So that it has jobs of this time behind it. */
function know(lanes: JobQueues<number>, key: string, ...times: readonly number[]): void {
  for (const tookMs of times) {
    lanes.add(key, 0);
    expect(lanes.take(everyone)?.key).toBe(key);
    lanes.finish(key, tookMs);
  }
}

describe('the lanes of templates', () => {
  it('take turns, one job of each at a time', () => {
    const lanes = new JobQueues<number>();
    for (const job of [1, 2, 3]) lanes.add('a', job);
    for (const job of [1, 2]) lanes.add('b', job);
    expect([taken(lanes), taken(lanes), taken(lanes)]).toEqual(['new a1', 'new b1', undefined]);
    lanes.finish('b', 1);
    lanes.finish('a', 1);
    expect(lanes.waiting).toBe(3);
    expect([taken(lanes), taken(lanes), taken(lanes)]).toEqual(['fast b2', 'fast a2', undefined]);
    lanes.finish('a', 1);
    expect([taken(lanes), lanes.waiting]).toEqual(['fast a3', 0]);
  });

  it('take turns by account first, however many templates one account has', () => {
    const lanes = new JobQueues<number>();
    for (let at = 0; at < 9; at += 1) lanes.add(`b${at}`, 1, 'b');
    for (const key of ['a0', 'a1']) lanes.add(key, 1, 'a');
    lanes.add('c0', 1, 'c');
    const keys = Array.from({ length: 6 }, () => lanes.take(everyone)?.key);
    expect(keys).toEqual(['b0', 'a0', 'c0', 'b1', 'a1', 'b2']);
    expect([lanes.waitingOf('b'), lanes.waitingOf('a'), lanes.waiting]).toEqual([6, 0, 6]);
    lanes.giveBack('b0', 1, 500);
    expect(lanes.waitingOf('b')).toBe(7);
  });

  it.each([
    ['fast', [1, 1, 9]],
    ['fair', [1, 30]],
    ['slow', [500]],
    ['slow', [1, 1, 1, 500]],
    ['slow', [500, ...Array.from({ length: 15 }, () => 1)]],
    ['fair', [500, ...Array.from({ length: 20 }, () => 1)]],
    ['fast', [500, ...Array.from({ length: 60 }, () => 1)]],
  ])('are %s after jobs of %j ms', (pace, times) => {
    const lanes = new JobQueues<number>();
    know(lanes, 'a', ...times);
    lanes.add('a', 1);
    expect(taken(lanes)).toBe(`${pace} a1`);
  });

  it('are served by their pace, and not where it is not', () => {
    const lanes = new JobQueues<number>();
    know(lanes, 'slow', 500);
    know(lanes, 'fast', 1);
    for (const key of ['slow', 'new', 'fast']) lanes.add(key, 1);
    expect(taken(lanes, ['fast', 'fair'])).toBe('fast fast1');
    expect(taken(lanes, ['fast', 'fair'])).toBeUndefined();
    expect(taken(lanes)).toBe('new new1');
    expect(taken(lanes)).toBe('slow slow1');
  });

  it('take a job back that was not done, before the others of its lane', () => {
    const lanes = new JobQueues<number>();
    for (const job of [1, 2]) lanes.add('a', job);
    expect(taken(lanes)).toBe('new a1');
    lanes.giveBack('a', 1, undefined);
    expect(taken(lanes)).toBe('new a1');
    lanes.giveBack('a', 1, 500);
    expect(lanes.waiting).toBe(2);
    expect(taken(lanes, ['new', 'fair', 'fast'])).toBeUndefined();
    expect(taken(lanes)).toBe('slow a1');
    lanes.finish('a', 500);
    expect(taken(lanes)).toBe('slow a2');
  });

  it('give up what waits', () => {
    const lanes = new JobQueues<number>();
    for (const key of ['a', 'a', 'b']) lanes.add(key, 1);
    expect(lanes.clear()).toEqual([1, 1, 1]);
    expect([lanes.waiting, taken(lanes)]).toEqual([0, undefined]);
  });
});
