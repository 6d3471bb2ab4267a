import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createTail } from '../../src/cli/delivery/tail.ts';

interface Row {
  readonly id: string;
  readonly state: string;
}

const idOf = (number: number): string => String(number).padStart(6, '0');

/** A list that grows anywhere, with pages of `size`, newest first. */
function createList(size: number) {
  const rows = new Map<string, Row>();
  return {
    put: (number: number, state = 'new') => rows.set(idOf(number), { id: idOf(number), state }),
    readPage: async (cursor: string | undefined) => {
      const below = [...rows.values()]
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .filter(({ id }) => cursor === undefined || id < cursor);
      const page = below.slice(0, size);
      return {
        rows: page,
        next: below.length > size ? page.at(-1)?.id : undefined,
      };
    },
  };
}

const tailOf = (list: ReturnType<typeof createList>, more: object = {}) =>
  createTail({
    readPage: list.readPage,
    markOf: ({ state }: Row) => state,
    pagesMax: 10,
    rowsMax: 1_000,
    ...more,
  });
const numbers = ({ rows }: { rows: readonly Row[] }): number[] => rows.map(({ id }) => Number(id));

describe('a tail', () => {
  it('begins with the first page, oldest first, and goes on with what comes', async () => {
    const list = createList(3);
    for (const number of [1, 2, 3, 4]) list.put(number);
    const read = tailOf(list);
    expect(numbers(await read())).toEqual([2, 3, 4]);
    expect(numbers(await read())).toEqual([]);
    for (const number of [5, 6, 7, 8, 9, 10, 11]) list.put(number);
    expect(numbers(await read())).toEqual([5, 6, 7, 8, 9, 10, 11]);
    expect(numbers(await read())).toEqual([]);
  });

  it('tells of what comes late, and of what has changed', async () => {
    const list = createList(5);
    list.put(10);
    const read = tailOf(list);
    await read();
    list.put(12);
    await read();
    list.put(11);
    list.put(10, 'delivered');
    expect(numbers(await read())).toEqual([10, 11]);
  });

  it('never tells of what lies below where it began', async () => {
    const list = createList(2);
    for (const number of [10, 20, 30]) list.put(number);
    const read = tailOf(list);
    expect(numbers(await read())).toEqual([20, 30]);
    list.put(40);
    list.put(15);
    expect(numbers(await read())).toEqual([40]);
  });

  it('says when more came than it reads at once', async () => {
    const list = createList(2);
    list.put(1);
    const read = tailOf(list, { pagesMax: 2 });
    await read();
    for (let number = 2; number < 20; number += 1) list.put(number);
    const { rows, isCut } = await read();
    expect([rows.length, isCut]).toEqual([4, true]);
  });

  it('tells of everything once, however it comes, as long as it is not forgotten', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 })), async steps => {
        const list = createList(4);
        const read = tailOf(list, { pagesMax: 100, rowsMax: 10 });
        list.put(0);
        const told = numbers(await read());
        let next = 1;
        for (const count of steps) {
          for (let left = count; left > 0; left -= 1) list.put(next++);
          told.push(...numbers(await read()));
        }
        expect(told).toEqual(Array.from({ length: next }, (_, number) => number));
      }),
    );
  });
});
