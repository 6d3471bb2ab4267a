/** Random histories of a topic, a group and a database, with a member that reads: what is recorded in the end. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { captureLog } from '../conformance/source-log.ts';
import { World } from './position-world.ts';

const partition = fc.nat({ max: 2 });
const count = fc.integer({ min: 1, max: 6 });

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('produce'), partition, count }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('consume'), partition, count }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('commit') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('start') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stop') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('dump') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restore') }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('set'), partition, to: fc.nat({ max: 30 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('addPartition') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('recreate'), count }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retain'), partition, count }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forgetGroup') }) },
);

it('records each record that Kafka still has, once, whatever happens to database, group and topic', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.boolean(),
      async (steps, fromBeginning) => {
        const world = new World(fromBeginning, captureLog());
        for (const one of steps) await world.take(one);
        await world.drain();
        const { missing, doubled, lostMin, lostMax, lost } = world.verdict();
        expect({ missing, doubled }).toEqual({ missing: [], doubled: [] });
        expect(lost).toBeGreaterThanOrEqual(lostMin);
        expect(lost).toBeLessThanOrEqual(lostMax);
      },
    ),
    { numRuns: 3_000 },
  );
});
