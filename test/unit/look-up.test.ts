import { describe, expect, it } from 'vitest';

import { createLookUps, type LookUpsOptions } from '../../src/directory/look-up.ts';
import type { FoundAccount, WantedAccount } from '../../src/directory/provider.ts';

const never = new AbortController().signal;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const found = (id: string): FoundAccount => ({
  account: { id, name: id, domainId: 'd', kind: 'user' },
  domains: [],
});

/** A cloud that answers when it is told to, and a clock that goes when it is told to. */
function setUp(options: Partial<LookUpsOptions> = {}) {
  const asked: { id: string; answer: (found?: FoundAccount) => void; fail: () => void }[] = [];
  const learned: string[] = [];
  const clock = { atMs: 0 };
  const lookUps = createLookUps({
    provider: {
      kind: 'cloudstack',
      readAll: () => Promise.reject(new RangeError('not asked for')),
      lookUp: ({ accountId }) =>
        new Promise((resolve, reject) => {
          asked.push({
            id: accountId,
            answer: resolve,
            fail: () => reject(new Error('away')),
          });
        }),
    },
    learn: async ({ account }) => void learned.push(account.id),
    isKnownDomain: async () => true,
    unknownMs: 1_000,
    now: () => clock.atMs,
    onResult: () => {},
    log: silent,
    ...options,
  });
  return { lookUps, asked, learned, clock };
}
const wanted = (...ids: string[]): WantedAccount[] => ids.map(accountId => ({ accountId }));

describe('look-ups', () => {
  it('ask once for an account, whoever waits for it', async () => {
    const { lookUps, asked, learned } = setUp();
    const both = Promise.all([
      lookUps.ask(wanted('a', 'a'), never),
      lookUps.ask(wanted('a'), never),
    ]);
    expect(asked.map(({ id }) => id)).toEqual(['a']);
    asked[0]?.answer(found('a'));
    await both;
    expect(learned).toEqual(['a']);
    expect(lookUps.isWorthAsking('a')).toBe(true);
  });

  it('ask for four at a time, the others in turn', async () => {
    const { lookUps, asked } = setUp();
    const all = lookUps.ask(wanted('a', 'b', 'c', 'd', 'e', 'f'), never);
    expect(asked.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
    for (let next = 0; next < 6; next += 1) {
      await expect.poll(() => asked.length).toBeGreaterThan(next);
      asked[next]?.answer();
    }
    await all;
    expect(asked.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('do not ask again for who is unknown until the time is up', async () => {
    const { lookUps, asked, clock } = setUp();
    const first = lookUps.ask(wanted('a'), never);
    asked[0]?.answer();
    await first;
    clock.atMs = 999;
    expect(lookUps.isWorthAsking('a')).toBe(false);
    await lookUps.ask(wanted('a'), never);
    expect(asked).toHaveLength(1);
    clock.atMs = 1_000;
    expect(lookUps.isWorthAsking('a')).toBe(true);
  });

  it('forget who was unknown first when there are too many', async () => {
    const { lookUps, asked } = setUp({ unknownMs: 1e9 });
    const ids = Array.from({ length: 10_001 }, (_, index) => `a${index}`);
    for (let start = 0; start < ids.length; start += 500) {
      const some = lookUps.ask(wanted(...ids.slice(start, start + 500)), never);
      for (let next = start; next < Math.min(start + 500, ids.length); next += 1) {
        if (!asked[next]) await new Promise<void>(resolve => setImmediate(resolve));
        asked[next]?.answer();
      }
      await some;
    }
    expect(ids.filter(id => lookUps.isWorthAsking(id))).toEqual(['a0']);
  });

  it('rest after a failure, and then ask again, also for the same one', async () => {
    const { lookUps, asked, clock } = setUp();
    const all = lookUps.ask(wanted('a', 'b', 'c', 'd', 'e'), never);
    for (const one of asked) one.fail();
    await all;
    expect(asked).toHaveLength(4);
    expect(lookUps.isWorthAsking('z')).toBe(false);
    clock.atMs = 15_000;
    expect(lookUps.isWorthAsking('a')).toBe(true);
  });

  it('rest when the answer takes longer than one may wait, and take it all the same', async () => {
    const { lookUps, asked, learned, clock } = setUp();
    const patience = new AbortController();
    const waited = lookUps.ask(wanted('a'), patience.signal);
    patience.abort();
    await waited;
    expect(lookUps.isWorthAsking('b')).toBe(false);
    asked[0]?.answer(found('a'));
    await expect.poll(() => learned).toEqual(['a']);
    clock.atMs = 15_000;
    expect(lookUps.isWorthAsking('b')).toBe(true);
  });
});
