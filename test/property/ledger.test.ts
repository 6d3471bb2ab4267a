import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { createLedger } from '../../src/record/ledger.ts';

const idOf = (index: number): string => String(index).padStart(4, '0');

it('puts the watermark just before the first event that is not settled, whatever the order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(3), { maxLength: 30 }),
      fc.array(fc.nat(1_000), { maxLength: 120 }),
      (owed, draws) => {
        const ledger = createLedger(idOf(0));
        const events = owed.map((count, index) => ledger.enter(idOf(index + 1), count));
        const left = owed.map(count => count + 1);
        for (const draw of draws) {
          const open = left.flatMap((count, index) => (count > 0 ? [index] : []));
          const index = open[draw % Math.max(1, open.length)];
          const event = index === undefined ? undefined : events[index];
          if (index === undefined || !event) break;
          ledger.settle(event);
          left[index] = (left[index] ?? 0) - 1;
          const first = left.findIndex(count => count > 0);
          expect(ledger.watermark()).toBe(idOf(first === -1 ? left.length : first));
        }
      },
    ),
  );
});

it('passes an event that was struck off', () => {
  const ledger = createLedger('0');
  const [first, second] = [ledger.enter('1', 2), ledger.enter('2', 0)];
  ledger.settle(second);
  expect(ledger.watermark()).toBe('0');
  ledger.release(first);
  expect(ledger.watermark()).toBe('2');
});
