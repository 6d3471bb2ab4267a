/** Deliveries that wait on several days: where they are found, and in which turn. */
import { randomUUID } from 'node:crypto';

import { expect, it } from 'vitest';

import { databaseOf } from '../../src/store/database.ts';
import { claimDue } from '../../src/store/delivery/claim.ts';
import { createWaitingDays } from '../../src/store/delivery/days.ts';
import { updateOutcomes } from '../../src/store/delivery/outcome.ts';
import { listWaitingWebhooks } from '../../src/store/delivery/waiting.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { dayOf, firstIdOf, openPartitions } from '../../src/store/schema/partition.ts';
import { openRecordHarness, type RecordHarness } from './record-harness.ts';

const DAY_MS = 86_400_000;
const noon = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2;
const today = dayOf(noon);
const yesterday = dayOf(noon - DAY_MS);
const longAgo = dayOf(noon - 5 * DAY_MS);

/** An event of that time with a delivery that is due. @returns the event's id. */
async function wait(
  harness: RecordHarness,
  { webhookId, at, orderKey }: { webhookId: string; at: number; orderKey?: string },
): Promise<string> {
  const time = firstIdOf(at).slice(0, 13);
  const rest = randomUUID().slice(19);
  const key = orderKey === undefined ? 'null' : `'${orderKey}'`;
  await harness.rows(`insert into event (id, process_id, source, event, body, owed)
    values ('${time}-7000-${rest}', 1, 's', 'VM.START', '{}', '{}')`);
  await harness.rows(`insert into delivery (id, event_id, webhook_id, kind, state, tries, next_attempt_at, created_at, order_key)
    values ('${time}-8000-${rest}', '${time}-7000-${rest}', '${webhookId}', 'event', 'pending', 0, now(), now(), ${key})`);
  return `${time}-7000-${rest}`;
}

async function claim({ store, processId }: RecordHarness, room: number) {
  const days = await createWaitingDays(() => noon).current(databaseOf(store));
  const waiting = await listWaitingWebhooks(databaseOf(store), days);
  return claimDue(
    store,
    processId,
    waiting.map(lane => ({ ...lane, room })),
  );
}

it('finds the days on which something waits, one long past when it is searched for', async () => {
  await using harness = await openRecordHarness();
  const database = databaseOf(harness.store);
  await openPartitions(harness.store, new Date(noon - 4 * DAY_MS));
  let now = noon;
  const days = createWaitingDays(() => now);
  expect(await days.current(database)).toEqual([today]);
  await wait(harness, { webhookId: randomUUID(), at: noon - DAY_MS });
  expect(await days.current(database)).toEqual([today]);
  now += 60_000;
  expect(await days.current(database)).toEqual([yesterday, today]);
  await wait(harness, { webhookId: randomUUID(), at: noon - 5 * DAY_MS });
  days.searchAgain();
  expect(await days.current(database)).toEqual([longAgo, yesterday, today]);
});

it('searches at the next question when the database did not answer the first', async () => {
  await using harness = await openRecordHarness();
  const absent = await openStore('postgresql://nobody@127.0.0.1:1/none');
  const days = createWaitingDays(() => noon);
  await expect(days.current(databaseOf(absent))).rejects.toThrow('ECONNREFUSED');
  expect(await days.current(databaseOf(harness.store))).toEqual([today]);
});

it('counts two days as present around midnight, and none that has no table', async () => {
  await using harness = await openRecordHarness();
  const database = databaseOf(harness.store);
  const midnight = noon + DAY_MS / 2;
  const around = createWaitingDays(() => midnight - 1_000);
  expect(await around.current(database)).toEqual([today, dayOf(midnight)]);
  expect(await createWaitingDays(() => noon + 90 * DAY_MS).current(database)).toEqual([]);
});

it('claims an earlier day first, and no more than there is room for', async () => {
  await using harness = await openRecordHarness();
  const webhookId = randomUUID();
  const late = [
    await wait(harness, { webhookId, at: noon }),
    await wait(harness, { webhookId, at: noon }),
  ];
  const early = await wait(harness, { webhookId, at: noon - DAY_MS });
  const first = await claim(harness, 2);
  expect(first).toHaveLength(2);
  expect(first.map(({ eventId }) => eventId)).toContain(early);
  const [last] = await claim(harness, 2);
  expect(new Set([...first, ...(last ? [last] : [])].map(({ eventId }) => eventId))).toEqual(
    new Set([early, ...late]),
  );
});

it('lets a later day wait for the turn of an earlier one', async () => {
  await using harness = await openRecordHarness();
  const { store, processId } = harness;
  const webhookId = randomUUID();
  await wait(harness, { webhookId, at: noon, orderKey: 'vm' });
  const other = await wait(harness, { webhookId, at: noon, orderKey: 'another vm' });
  const early = await wait(harness, { webhookId, at: noon - DAY_MS, orderKey: 'vm' });
  const first = await claim(harness, 10);
  expect(new Set(first.map(({ eventId }) => eventId))).toEqual(new Set([early, other]));
  expect(await claim(harness, 10)).toEqual([]);
  const ended = first.map(one => ({ ...one, state: 'delivered', tries: 1 }) as const);
  await updateOutcomes(databaseOf(store), processId, ended);
  expect(await claim(harness, 10)).toHaveLength(1);
});
