/** A webhook with `ordering: entity` gets the events of one entity one at a time, the oldest first. */
import { describe, expect, it } from 'vitest';

import { databaseOf } from '../../src/store/database.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { startReceiver, type ReceivedRequest } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { account, openDispatchHarness, type DispatchHarness } from './dispatch-harness.ts';
import { newId } from './record-harness.ts';

const answerMs = 40;

/** Records one event for each entity named, in one batch. @returns the events' ids. */
async function record(
  { records }: DispatchHarness,
  webhookId: string,
  entities: readonly string[],
  keys: readonly string[] = [],
): Promise<readonly string[]> {
  const events = entities.map((entityuuid, at) => ({
    id: newId(),
    envelope: { event: 'VM.START', account, entityuuid },
    body: JSON.stringify({ entityuuid }),
    owed: [webhookId],
    queued: [{ webhookId, inOrder: true }],
    ...(keys[at] !== undefined && { key: keys[at] }),
  }));
  const { store, processId } = records;
  const result = await recordBatch(databaseOf(store), {
    processId,
    source: 's',
    events,
    quarantined: [],
  });
  expect(result.kind).toBe('recorded');
  return events.map(({ id }) => id);
}

async function untilEnded({ records }: DispatchHarness, count: number): Promise<void> {
  await waitUntil(
    `${count} ended deliveries`,
    async () => {
      const [row] = await records.rows<{ n: string }>(
        'select count(*) as n from delivery where finished_at is not null',
      );
      return Number(row?.n) === count;
    },
    60_000,
  );
}

const idOf = (request: ReceivedRequest): string => String(request.headers['webhook-id']);
const entityOf = ({ body }: ReceivedRequest): string => JSON.parse(body.toString()).entityuuid;

describe('ordering by entity', () => {
  it('sends one at a time, in order, however many replicas there are and whatever fails', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const seen = new Set<string>();
    receiver.answerWith(request => {
      const isFirst = !seen.has(idOf(request));
      seen.add(idOf(request));
      // A third of them fails at the first try.
      const fails = isFirst && idOf(request).charCodeAt(35) % 3 === 0;
      return { status: fails ? 500 : 200, delayMs: answerMs };
    });
    const webhookId = await harness.webhook(receiver.url, { tries: 5 });
    const entities = ['a', 'b', 'c', 'd'];
    const ids: string[] = [];
    ids.push(...(await record(harness, webhookId, [...entities, ...entities])));
    await harness.start();
    await harness.start();
    for (let batch = 0; batch < 3; batch += 1) {
      ids.push(...(await record(harness, webhookId, [...entities, ...entities])));
    }
    await untilEnded(harness, ids.length);
    for (const [at, entity] of entities.entries()) {
      const got = receiver.requests.filter(request => entityOf(request) === entity);
      const due = ids.filter((_, index) => index % entities.length === at);
      expect([...new Set(got.map(idOf))]).toEqual(due);
      // No later one came between two tries of an earlier one.
      expect(got.map(idOf)).toEqual(got.map(idOf).toSorted());
      // The answer to each had been given before the next was sent.
      const pauses = got
        .slice(1)
        .map(({ receivedAt }, index) => receivedAt - (got[index]?.receivedAt ?? NaN));
      expect(Math.min(...pauses)).toBeGreaterThan(answerMs - 2);
    }
  });

  it('lets an entity whose deliveries fail hold up nobody but itself', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith(request => ({ status: entityOf(request) === 'bad' ? 500 : 200 }));
    const webhookId = await harness.webhook(receiver.url, { tries: 2 });
    await record(harness, webhookId, ['bad', 'good', 'bad', 'good']);
    await harness.start({ HOOKLINE_DISPATCH_BACKOFF_BASE_MS: '600000' });
    await untilEnded(harness, 2);
    expect(receiver.requests.map(entityOf).toSorted()).toEqual(['bad', 'good', 'good']);
    const waiting = await harness.records.rows<{ tries: number }>(
      `select tries from delivery where state = 'pending' order by event_id`,
    );
    expect(waiting.map(({ tries }) => tries)).toEqual([1, 0]);
  });

  it('goes on with the next one when one has failed for good', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 500 });
    const webhookId = await harness.webhook(receiver.url, { tries: 1 });
    const ids = await record(harness, webhookId, ['a', 'a', 'a']);
    await harness.start();
    await untilEnded(harness, 3);
    expect(receiver.requests.map(idOf)).toEqual(ids);
  });

  it('goes on in order when a receiver that was down is back', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 503 });
    const webhookId = await harness.webhook(receiver.url, { tries: 1 });
    await harness.start();
    const ids = [...(await record(harness, webhookId, ['a', 'b', 'a', 'b', 'a']))];
    await receiver.waitFor(2);
    ids.push(...(await record(harness, webhookId, ['a', 'b', 'a'])));
    receiver.clear();
    receiver.answerWith({ status: 200 });
    await untilEnded(harness, ids.length);
    for (const entity of ['a', 'b']) {
      const got = receiver.requests.filter(request => entityOf(request) === entity).map(idOf);
      expect(got).toEqual(got.toSorted());
    }
    expect(receiver.total()).toBe(ids.length);
    const states = await harness.records.rows('select distinct state, tries from delivery');
    expect(states).toEqual([{ state: 'delivered', tries: 1 }]);
  });

  it('owes nothing for an event that was recorded before', async () => {
    await using harness = await openDispatchHarness();
    const webhookId = await harness.webhook('http://127.0.0.1:9/');
    await record(harness, webhookId, ['a', 'b'], ['key']);
    await record(harness, webhookId, ['a', 'b'], ['key']);
    expect(await harness.records.rows('select order_key from delivery order by event_id')).toEqual(
      ['a', 'b', 'b'].map(order_key => ({ order_key })),
    );
  });
});
