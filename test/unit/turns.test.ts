import { describe, expect, it } from 'vitest';

import { Turns } from '../../src/event/turns.ts';

/** Work that ends when it is told, and who has begun it, in order. */
function openWork(turns: Turns) {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  return {
    begun,
    ask: async (owner: string, signal?: AbortSignal) =>
      turns.take(
        owner,
        async () => {
          begun.push(owner);
          await new Promise<void>(resolve => void ends.push(resolve));
        },
        signal,
      ),
    endFirst: async () => {
      await new Promise(setImmediate);
      ends.shift()?.();
      await new Promise(setImmediate);
    },
  };
}

describe('turns', () => {
  it('go round the owners, however many of one wait', async () => {
    const { begun, ask, endFirst } = openWork(new Turns({ max: 2, ownerMax: 2 }));
    for (const owner of ['b', 'b', 'b', 'b', 'b', 'a', 'c']) void ask(owner);
    await endFirst();
    await endFirst();
    await endFirst();
    expect(begun).toEqual(['b', 'b', 'a', 'b', 'c']);
  });

  it('leave a place to others when one owner has all that it may', async () => {
    const { begun, ask, endFirst } = openWork(new Turns({ max: 2, ownerMax: 1 }));
    for (const owner of ['b', 'b', 'b', 'a', 'a']) void ask(owner);
    await endFirst();
    expect(begun).toEqual(['b', 'a', 'b']);
  });

  it('are given up by who does not wait any longer', async () => {
    const { begun, ask, endFirst } = openWork(new Turns({ max: 1, ownerMax: 1 }));
    const ended = new AbortController();
    void ask('a');
    const given = ask('b', ended.signal);
    void ask('c');
    ended.abort(new Error('gone'));
    await expect(given).rejects.toThrow('gone');
    await expect(ask('d', ended.signal)).rejects.toThrow('gone');
    await endFirst();
    expect(begun).toEqual(['a', 'c']);
  });

  it('come back from work that fails', async () => {
    const turns = new Turns({ max: 1, ownerMax: 1 });
    await expect(turns.take('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(turns.isBusyFor('a')).toBe(false);
  });
});
