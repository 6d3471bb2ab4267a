import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { deliveryId } from '../../src/event/id.ts';
import { listen, type Notification } from '../../src/store/connection/listener.ts';
import { countWaiting, listWaitingWebhooks } from '../../src/store/delivery/waiting.ts';
import { listDeliveries } from '../../src/store/delivery/delivery.ts';
import { everything } from '../../src/store/sql/visibility.ts';
import { leaveProcess, renewLease, takeOverLapsed } from '../../src/store/record/lease.ts';
import { databaseOf } from '../../src/store/database.ts';
import {
  insertFreshOutcomes,
  insertOutcomes,
  updateOutcomes,
  type Outcome,
} from '../../src/store/delivery/outcome.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { waitUntil } from '../service/wait-until.ts';
import {
  claimNow,
  days,
  join,
  newId,
  openRecordHarness,
  type RecordHarness,
} from './record-harness.ts';

const attempt = (status: number, startedAt = new Date('2026-11-21T10:00:00Z')) => ({
  startedAt,
  durationMs: 12,
  status,
  responseBody: `said ${status}`,
});

/** Records one event for each list of webhooks it owes. @returns their ids. */
async function recordOwed(
  { store }: RecordHarness,
  processId: number,
  owed: readonly (readonly string[])[],
): Promise<string[]> {
  const events = owed.map(webhooks => ({
    id: newId(),
    envelope: { event: 'VM.START', account: 'a' },
    body: '{}',
    owed: webhooks,
  }));
  await recordBatch(databaseOf(store), { processId, source: 's', events, quarantined: [] });
  return events.map(event => event.id);
}

const delivered = (eventId: string, webhookId: string): Outcome => ({
  eventId,
  webhookId,
  state: 'delivered',
  tries: 1,
  attempt: attempt(200),
});

describe('taking over', () => {
  it('writes exactly what is owed and missing, as due, and lets claims go', async () => {
    await using harness = await openRecordHarness();
    const { store } = harness;
    const [one, two] = [randomUUID(), randomUUID()];
    const gone = await join(store);
    const [first = '', second = ''] = await recordOwed(harness, gone, [[one, two], [one], []]);
    await insertOutcomes(databaseOf(store), [delivered(first, one)]);
    await harness.rows(
      `update process set lease_until = now() - interval '1 second' where id = ${gone}`,
    );

    expect(await takeOverLapsed(store)).toEqual([{ processId: gone, missing: 2, released: 0 }]);
    expect(await takeOverLapsed(store)).toEqual([]);
    const due = await harness.rows(
      'select id, state, tries from delivery where state = $$pending$$ order by id',
    );
    const expected = [deliveryId(first, two), deliveryId(second, one)].toSorted();
    expect(due).toEqual(expected.map(id => ({ id, state: 'pending', tries: 0 })));

    const claimer = await join(store);
    const claimed = await claimNow(store, claimer, [{ webhookId: one, room: 10 }]);
    expect(
      claimed.map(({ eventId, tries, event, concern: { account }, body }) => ({
        eventId,
        tries,
        event,
        account,
        body,
      })),
    ).toEqual([{ eventId: second, tries: 0, event: 'VM.START', account: 'a', body: '{}' }]);
    expect(await leaveProcess(store, claimer)).toEqual({
      processId: claimer,
      missing: 0,
      released: 1,
    });
    expect(await countWaiting(databaseOf(store), days(), 100)).toBe(2);
  });

  it('tells whoever claims that something is due, whatever its day: after a leave too, for it was written before', async () => {
    await using harness = await openRecordHarness();
    const told: Notification[] = [];
    const listener = await listen(harness.url, change => told.push(change));
    try {
      await leaveProcess(harness.store, await join(harness.store));
      await waitUntil('the leave to be told', () => told.length === 1);
      await join(harness.store, -1_000);
      await takeOverLapsed(harness.store);
      const owing = await join(harness.store, -1_000);
      await recordOwed(harness, owing, [[randomUUID()]]);
      await takeOverLapsed(harness.store);
      await waitUntil('the take-over to be told', () => told.length > 1);
      expect(told).toEqual([
        { kind: 'due', isOld: true },
        { kind: 'due', isOld: true },
      ]);
    } finally {
      await listener.close();
    }
  });

  it('starts above the watermark: what lies below has rows', async () => {
    await using harness = await openRecordHarness();
    const gone = await join(harness.store);
    const [first = ''] = await recordOwed(harness, gone, [[randomUUID()]]);
    await recordOwed(harness, gone, [[randomUUID()], [randomUUID()]]);
    expect(
      await renewLease(databaseOf(harness.store), { id: gone, ttlMs: 1, watermark: first }),
    ).toMatchObject({ isHeld: true });
    expect((await leaveProcess(harness.store, gone))?.missing).toBe(2);
  });

  it('leaves a living process alone, and each dead one to a single successor', async () => {
    await using harness = await openRecordHarness();
    const gone = await join(harness.store, -1_000);
    await recordOwed(harness, gone, [[randomUUID()]]);
    const takers = await Promise.all(
      Array.from({ length: 6 }, () => takeOverLapsed(harness.store)),
    );
    expect(takers.flat()).toEqual([{ processId: gone, missing: 1, released: 0 }]);
    expect(await harness.count('process')).toBe(1);
  });

  it('tells a process that it was taken over when it renews', async () => {
    await using harness = await openRecordHarness();
    const gone = await join(harness.store, -1_000);
    await takeOverLapsed(harness.store);
    expect(
      await renewLease(databaseOf(harness.store), { id: gone, ttlMs: 1_000, watermark: newId() }),
    ).toMatchObject({ isHeld: false });
  });
});

describe('outcomes', () => {
  it('of a process that was thought dead end a waiting delivery only with success', async () => {
    await using harness = await openRecordHarness();
    const { store } = harness;
    const webhook = randomUUID();
    const gone = await join(store);
    const [first = '', second = ''] = await recordOwed(harness, gone, [[webhook], [webhook]]);
    await leaveProcess(store, gone);
    const [third = ''] = await recordOwed(harness, harness.processId, [[webhook]]);
    const outcomes = [
      delivered(first, webhook),
      { eventId: second, webhookId: webhook, state: 'failed', tries: 3, attempt: attempt(500) },
      delivered(third, webhook),
    ] as const;
    // The second time is that of a commit whose answer never came.
    for (let time = 1; time <= 2; time += 1) {
      await insertFreshOutcomes(databaseOf(store), outcomes);
      expect(
        await harness.rows('select state, tries, status from delivery order by event_id'),
      ).toEqual([
        { state: 'delivered', tries: 1, status: 200 },
        { state: 'pending', tries: 0, status: null },
        { state: 'delivered', tries: 1, status: 200 },
      ]);
    }
  });

  it('keep every attempt: the last in the delivery, the ones before it beside it', async () => {
    await using harness = await openRecordHarness();
    const { store, processId } = harness;
    const webhook = randomUUID();
    const [eventId = ''] = await recordOwed(harness, processId, [[webhook]]);
    const pending = { eventId, webhookId: webhook, state: 'pending', nextAttemptAtMs: 0 } as const;
    await insertOutcomes(databaseOf(store), [{ ...pending, tries: 1, attempt: attempt(500) }]);
    for (const [tries, status] of [
      [2, 503],
      [3, 200],
    ] as const) {
      const [claim] = await claimNow(store, processId, [{ webhookId: webhook, room: 1 }]);
      expect(claim?.tries).toBe(tries - 1);
      const state = status === 200 ? 'delivered' : 'pending';
      await updateOutcomes(databaseOf(store), processId, [
        { ...pending, state, tries, attempt: attempt(status), deliveryId: claim?.deliveryId },
      ]);
    }
    expect(await harness.rows('select state, tries, status, response_body from delivery')).toEqual([
      { state: 'delivered', tries: 3, status: 200, response_body: 'said 200' },
    ]);
    expect(
      await harness.rows('select number, status, response_body from attempt order by number'),
    ).toEqual([
      { number: 1, status: 500, response_body: 'said 500' },
      { number: 2, status: 503, response_body: 'said 503' },
    ]);
  });

  it('keep of attempts that cost no try the last one only', async () => {
    await using harness = await openRecordHarness();
    const { store, processId } = harness;
    const webhook = randomUUID();
    const [eventId = ''] = await recordOwed(harness, processId, [[webhook]]);
    const pending = { eventId, webhookId: webhook, state: 'pending', nextAttemptAtMs: 0 } as const;
    await insertOutcomes(databaseOf(store), [{ ...pending, tries: 0, attempt: attempt(503) }]);
    for (const [tries, status] of [
      [0, 502],
      [1, 500],
      [1, 503],
      [1, 504],
      [2, 200],
    ] as const) {
      const [claim] = await claimNow(store, processId, [{ webhookId: webhook, room: 1 }]);
      await updateOutcomes(databaseOf(store), processId, [
        { ...pending, tries, attempt: attempt(status), deliveryId: claim?.deliveryId },
      ]);
    }
    expect(await harness.rows('select number, status from attempt')).toEqual([
      { number: 1, status: 500 },
    ]);
    const { items } = await listDeliveries(databaseOf(store), everything, { limit: 1 });
    expect(items[0]?.attempts).toMatchObject([
      { number: 1, status: 500 },
      { number: 2, status: 200 },
    ]);
  });

  it('of a claim that was let go change nothing', async () => {
    await using harness = await openRecordHarness();
    const { store, processId } = harness;
    const webhook = randomUUID();
    const [eventId = ''] = await recordOwed(harness, processId, [[webhook]]);
    await insertOutcomes(databaseOf(store), [
      { eventId, webhookId: webhook, state: 'pending', tries: 0, nextAttemptAtMs: 0 },
    ]);
    await updateOutcomes(databaseOf(store), processId, [
      { ...delivered(eventId, webhook), deliveryId: deliveryId(eventId, webhook) },
    ]);
    expect(await harness.rows('select state from delivery')).toEqual([{ state: 'pending' }]);
  });
});

const due = (eventId: string, webhookId: string, nextAttemptAtMs: number): Outcome => ({
  eventId,
  webhookId,
  state: 'pending',
  tries: 0,
  nextAttemptAtMs,
});

describe('claiming', () => {
  it('gives each delivery to one of many claimers, the longest due first, and no more than asked for', async () => {
    await using harness = await openRecordHarness();
    const { store } = harness;
    const [busy, quiet] = [randomUUID(), randomUUID()];
    const eventIds = await recordOwed(
      harness,
      harness.processId,
      Array.from({ length: 60 }, () => [busy, quiet]),
    );
    await insertOutcomes(
      databaseOf(store),
      eventIds.map((id, index) => due(id, busy, 1_000 * (60 - index))),
    );
    await insertOutcomes(
      databaseOf(store),
      eventIds.slice(0, 3).map(id => due(id, quiet, Date.now() + 60_000)),
    );
    const waiting = await listWaitingWebhooks(databaseOf(store), days());
    expect(waiting.map(({ webhookId }) => webhookId)).toEqual([busy, quiet].toSorted());

    const [first] = await claimNow(store, harness.processId, [{ webhookId: busy, room: 1 }]);
    expect(first?.eventId).toBe(eventIds.at(-1));
    const wanted = [
      { webhookId: busy, room: 10 },
      { webhookId: quiet, room: 10 },
    ];
    const claims = await Promise.all(
      Array.from({ length: 8 }, () => claimNow(store, harness.processId, wanted)),
    );
    expect(Math.max(...claims.map(claim => claim.length))).toBeLessThanOrEqual(10);
    const ids = claims.flat().map(claim => claim.deliveryId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(claims.flat().some(claim => claim.webhookId === quiet)).toBe(false);
    expect(claims.flat().every(claim => !claim.webhookExists)).toBe(true);
  });
});
