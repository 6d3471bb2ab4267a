import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createBackoff } from '../../src/event/wait.ts';

describe('back-off of a source', () => {
  it('waits between half and all of its ceiling, however often', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 0, max: 2000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (baseMs, maxMs, attempts, draw) => {
          const backoff = createBackoff({ baseMs, maxMs }, () => draw);
          for (let attempt = 0; attempt < attempts; attempt += 1) backoff.nextMs();
          const ceilingMs = Math.min(maxMs, baseMs * 2 ** attempts);
          const waitMs = backoff.nextMs();
          expect(waitMs).toBeGreaterThanOrEqual(ceilingMs / 2);
          expect(waitMs).toBeLessThanOrEqual(ceilingMs);
        },
      ),
    );
  });
});
