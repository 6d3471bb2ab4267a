import { randomBytes } from 'node:crypto';

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { createIdGenerator, timeOf } from '../../src/event/id.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

it('makes UUIDv7s that rise, whatever the clock does', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3), { maxLength: 300 }), steps => {
      let ms = 1_795_219_200_000;
      const newId = createIdGenerator(() => ms, randomBytes);
      let last = '';
      for (const step of steps) {
        ms += step - 1;
        const id = newId();
        expect(id).toMatch(UUID_V7);
        expect(id > last).toBe(true);
        last = id;
      }
    }),
  );
});

it('goes on into the next millisecond when one is full', () => {
  const newId = createIdGenerator(() => 1_000, randomBytes);
  const ids = Array.from({ length: 10_000 }, newId);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(10_000);
  expect(timeOf(ids.at(-1) ?? '').getTime()).toBe(1_002);
});
