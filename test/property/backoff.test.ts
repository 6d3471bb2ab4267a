import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { backoffMs } from '../../src/outcome/backoff.ts';

const policy = { baseMs: 1_000, capMs: 60_000, waitMsMax: 3_600_000 };
const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoffMs', () => {
  it.each([
    { made: 1, random: 0, expected: 333 },
    { made: 1, random: 0.999_99, expected: 666 },
    { made: 1, random: 0.5, expected: 500 },
    { made: 3, random: 0.5, expected: 2_000 },
    { made: 7, random: 0.5, expected: 30_000 },
    { made: 5_000, random: 0.5, expected: 30_000 },
  ])('waits $expected ms after attempt $made at draw $random', ({ made, random, expected }) => {
    expect(backoffMs(policy, made, random)).toBe(expected);
  });

  it('never leaves [0, waitMsMax] and never undercuts a reachable Retry-After', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        draw,
        fc.nat(7_200_000),
        (made, random, retryAfterMs) => {
          const waitMs = backoffMs(policy, made, random, retryAfterMs);
          expect(Number.isInteger(waitMs)).toBe(true);
          expect(waitMs).toBeGreaterThanOrEqual(Math.min(retryAfterMs, policy.waitMsMax));
          expect(waitMs).toBeLessThanOrEqual(policy.waitMsMax);
        },
      ),
    );
  });

  it('is half of its measure on average, and never less than a third of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), draw, (made, random) => {
        const measure = Math.min(policy.capMs, policy.baseMs * 2 ** (made - 1));
        const [wait, opposite] = [random, 1 - random].map(drawn => backoffMs(policy, made, drawn));
        expect(wait).toBeGreaterThanOrEqual(Math.floor(measure / 3));
        expect(wait).toBeLessThanOrEqual((measure * 2) / 3);
        expect(Math.abs(((wait ?? 0) + (opposite ?? 0)) / 2 - measure / 2)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %s attempts made', made => {
    expect(() => backoffMs(policy, made, 0)).toThrow(RangeError);
  });
});
