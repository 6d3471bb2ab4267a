import { describe, expect, it } from 'vitest';

import type { Principal } from '../../src/access/session.ts';
import { createReadInTurn } from '../../src/api/http/read-in-turn.ts';

const principal = (userId: string, accountId?: string): Principal => ({
  userId,
  username: userId,
  role: 'User',
  kind: 'token',
  scopes: ['read'],
  ...(accountId !== undefined && { accountId }),
});
const { signal } = new AbortController();
const one = { principal: principal('one', 'account'), signal };
const other = { principal: principal('other', 'account'), signal };
const stranger = { principal: principal('stranger'), signal };

const settled = async () => new Promise(setImmediate);

/** Work that ends when it is told, and what has begun, in order. */
function openWork() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const work = (name: string) => async () => {
    begun.push(name);
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return end.promise;
  };
  return {
    begun,
    work,
    end: async (name: string) => {
      ends.get(name)?.resolve(name);
      await settled();
    },
  };
}

async function fail(): Promise<never> {
  throw new RangeError('of the work');
}

describe('reading in turn', () => {
  it('gives an account half of the places, whoever of its users asks, and a stranger one at once', async () => {
    const readInTurn = createReadInTurn({ max: 4 });
    const { begun, work, end } = openWork();
    const all = [
      readInTurn(one, work('a')),
      readInTurn(other, work('b')),
      readInTurn(one, work('c')),
      readInTurn(stranger, work('d')),
    ];
    await settled();
    expect(begun).toEqual(['a', 'b', 'd']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'd', 'c']);
    for (const name of ['a', 'c', 'd']) await end(name);
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('refuses what is too much at once, and what has waited for too long', async () => {
    const readInTurn = createReadInTurn({ max: 1, waitMsMax: 20 });
    const { begun, work, end } = openWork();
    const first = readInTurn(one, work('first'));
    const refusals = await Promise.allSettled(
      Array.from({ length: 60 }, async () => readInTurn(one, work('more'))),
    );
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ status: 'rejected', reason: { code: 'requests_limited' } });
    }
    await end('first');
    expect(await first).toBe('first');
    const next = readInTurn(one, work('next'));
    await settled();
    await end('next');
    expect(await next).toBe('next');
    expect(begun).toEqual(['first', 'next']);
  });

  it('passes on what the work throws', async () => {
    const readInTurn = createReadInTurn({ max: 1 });
    await expect(readInTurn(one, fail)).rejects.toThrow('of the work');
    expect(await readInTurn(one, async () => 'next')).toBe('next');
  });
});
