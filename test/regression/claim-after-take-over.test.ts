// A process that had stood still claimed deliveries after it was taken over, and they were "delivering" for ever.
import { expect, it } from 'vitest';

import { claimNow } from '../integration/record-harness.ts';
import { leaveProcess } from '../../src/store/record/lease.ts';
import { openDispatchHarness } from '../integration/dispatch-harness.ts';
import { join } from '../integration/record-harness.ts';

it('a process that was taken over claims nothing', async () => {
  await using harness = await openDispatchHarness();
  const { store } = harness.records;
  const webhookId = await harness.webhook('http://127.0.0.1:9/');
  const eventId = await harness.owe(webhookId);
  const gone = await join(store);
  await leaveProcess(store, gone);
  const wanted = [{ webhookId, room: 10 }];
  expect(await claimNow(store, gone, wanted)).toEqual([]);
  const [claim] = await claimNow(store, harness.records.processId, wanted);
  expect(claim).toMatchObject({ eventId });
});
