/** What Hookline does with its database on the way of an event and of a claim, and for lists. */
import { randomBytes, randomUUID } from 'node:crypto';

import { deliveryId, redeliveryId } from '../../src/event/id.ts';
import { databaseOf, inTransaction } from '../../src/store/database.ts';
import { claimDue } from '../../src/store/delivery/claim.ts';
import { createWaitingDays } from '../../src/store/delivery/days.ts';
import type { Day } from '../../src/store/delivery/waiting-rows.ts';
import { deleteDelivery, deleteDeliveries } from '../../src/store/delivery/delete-delivery.ts';
import {
  insertFreshOutcomes,
  insertOutcomes,
  updateOutcomes,
} from '../../src/store/delivery/outcome.ts';
import {
  insertRedeliveries,
  insertRedelivery,
  isDisabled,
  isInScope,
} from '../../src/store/delivery/redeliver.ts';
import { releaseUnheld } from '../../src/store/delivery/release.ts';
import { trimDeliveries, listWebhooksWithDeliveries } from '../../src/store/delivery/trim.ts';
import { countWaiting, listWaitingWebhooks } from '../../src/store/delivery/waiting.ts';
import { deleteEventKeys, findKnownEvents } from '../../src/store/event/event-key.ts';
import { listDeliveries } from '../../src/store/delivery/delivery.ts';
import { bodiesSeenMax, listDeliveriesByPage } from '../../src/store/delivery/list-by-page.ts';
import { listEvents } from '../../src/store/event/event.ts';
import {
  joinProcess,
  leaveProcess,
  renewLease,
  takeOverLapsed,
} from '../../src/store/record/lease.ts';
import { findPosition } from '../../src/store/record/position.ts';
import { takeReceipts } from '../../src/store/record/receipt.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { findRecorded } from '../../src/store/record/recorded.ts';
import { dayOf } from '../../src/store/schema/partition.ts';
import { everything } from '../../src/store/sql/visibility.ts';
import { loadWebhooks } from '../../src/store/webhook/load.ts';
import { readHealth } from '../../src/store/webhook/health.ts';
import type { PlanWorld } from './plan-world.ts';
import { newId } from './record-harness.ts';

/** Something that Hookline does, and the number of rows it is about. */
export interface Case {
  readonly rows: number;
  readonly work: (world: PlanWorld) => Promise<unknown>;
}

const pageSize = 50;
/** Maximum number of rows looked at for a page; see `sql/keyset.ts`. */
const window = 10_000;
/** Days with waiting deliveries. */
const days = (): readonly Day[] => [Date.now() - 86_400_000, Date.now()].map(dayOf);

const attempt = { startedAt: new Date(), durationMs: 5, status: 503 };

/** @returns the ids of new events that owe the busy webhook. */
export async function record(
  { store, busy, ordered, processId }: PlanWorld,
  count: number,
): Promise<string[]> {
  const events = Array.from({ length: count }, () => ({
    id: newId(),
    envelope: { event: 'VM.START', account: 'a', entityuuid: 'e1' },
    body: '{}',
    owed: [busy, ordered],
    queued: [{ webhookId: ordered, inOrder: true }],
    key: randomUUID(),
  }));
  await recordBatch(databaseOf(store), {
    processId,
    source: 's',
    events,
    quarantined: [],
    receipt: {
      consumerId: randomUUID(),
      hashes: events.map(() => randomUUID()),
      forget: ['1', '2'],
    },
  });
  return events.map(({ id }) => id);
}

async function claim({ store, busy, ordered, processId }: PlanWorld) {
  return claimDue(store, processId, [
    { webhookId: busy, room: 100, free: days(), ordered: [] },
    { webhookId: ordered, room: 100, free: [], ordered: days() },
  ]);
}

export const cases: Readonly<Record<string, Case>> = {
  'recording a batch': { rows: 100, work: world => record(world, 100) },
  'recording what Kafka brought': {
    rows: 1,
    work: async ({ store, processId }) => {
      const place = { topic: 't', partition: 0 };
      const position = { ...place, fromOffset: 0n, firstOffset: 0n, nextOffset: 1n, offsets: [] };
      const batch = { processId, source: randomUUID(), events: [], quarantined: [] };
      await recordBatch(databaseOf(store), { ...batch, position });
      await findPosition(databaseOf(store), { ...batch, ...place });
    },
  },
  'asking what of a batch is recorded': {
    rows: 500,
    work: async world => findRecorded(world.store, world.processId, await record(world, 500)),
  },
  'asking which events are known': {
    rows: 500,
    work: ({ store }) =>
      findKnownEvents(
        databaseOf(store),
        Array.from({ length: 500 }, () => randomUUID()),
      ),
  },
  'asking for receipts': {
    rows: 1_000,
    work: ({ store }) =>
      inTransaction(store, database => takeReceipts(database, 's', [randomUUID(), randomUUID()])),
  },
  'writing first outcomes': {
    rows: 300,
    work: async world => {
      const { store, busy: webhookId } = world;
      const ids = await record(world, 300);
      const outcome = { webhookId, state: 'delivered', tries: 1, attempt } as const;
      const outcomes = ids.map(eventId => ({ ...outcome, eventId }));
      await insertFreshOutcomes(databaseOf(store), outcomes);
      // As after a take-over.
      await insertOutcomes(databaseOf(store), outcomes);
    },
  },
  'looking for webhooks with waiting deliveries': {
    rows: 600,
    work: ({ store }) => listWaitingWebhooks(databaseOf(store), days()),
  },
  'looking for days with waiting deliveries': {
    rows: 300,
    work: ({ store }) => createWaitingDays(Date.now).current(databaseOf(store)),
  },
  'claiming, and writing what became of it': {
    rows: 400,
    work: async world => {
      const outcome = { state: 'pending', tries: 3, nextAttemptAtMs: Date.now(), attempt } as const;
      const claimed = await claim(world);
      if (claimed.length === 0) return;
      const outcomes = claimed.map(one => ({ ...one, ...outcome }));
      await updateOutcomes(databaseOf(world.store), world.processId, outcomes);
    },
  },
  'letting go of claims nobody knows of': {
    rows: 400,
    work: async world => {
      await claim(world);
      await releaseUnheld(world.store, world.processId, []);
    },
  },
  'counting what waits, up to a bound': {
    rows: 1_000,
    work: ({ store }) => countWaiting(databaseOf(store), days(), 500),
  },
  'renewing a lease': {
    rows: 10,
    work: ({ store, processId }) =>
      renewLease(databaseOf(store), { id: processId, ttlMs: 3_600_000, watermark: newId() }),
  },
  'taking over from a process': {
    rows: 500,
    work: async world => {
      const gone = { host: 'h', pid: 2, ttlMs: -1_000, watermark: newId() };
      const processId = await joinProcess(databaseOf(world.store), gone);
      await record({ ...world, processId }, 100);
      await claim({ ...world, processId });
      await takeOverLapsed(world.store);
    },
  },
  leaving: {
    rows: 10,
    work: async ({ store }) => {
      const me = { host: 'h', pid: 3, ttlMs: 60_000, watermark: newId() };
      await leaveProcess(store, await joinProcess(databaseOf(store), me));
    },
  },
  'looking for webhooks with deliveries': {
    rows: 2_000,
    work: ({ store }) => listWebhooksWithDeliveries(databaseOf(store)),
  },
  'trimming a webhook that has more than it keeps': {
    rows: 500,
    work: async ({ store, other }) => trimDeliveries(databaseOf(store), await other(), 20),
  },
  'trimming a webhook that has not': {
    rows: 2_000,
    work: ({ store, quiet }) => trimDeliveries(databaseOf(store), quiet, 1_000),
  },
  'forgetting keys, when it is for none of them time': {
    rows: 10,
    work: ({ store }) => deleteEventKeys(databaseOf(store), new Date(0)),
  },
  'loading the webhooks': {
    rows: 1_000,
    work: async ({ store }) => {
      for await (const _ of loadWebhooks(store));
    },
  },
  'a page of events': {
    rows: pageSize,
    work: ({ store }) => listEvents(databaseOf(store), everything, { limit: pageSize }),
  },
  'a page of events of an account': {
    rows: 2 * window,
    work: ({ store }) => {
      const visibility = { kind: 'account', accountId: 'none', domainId: 'none' } as const;
      return listEvents(databaseOf(store), visibility, { limit: pageSize, account: 'none' });
    },
  },
  'a page of deliveries': {
    rows: pageSize,
    work: ({ store }) => listDeliveries(databaseOf(store), everything, { limit: pageSize }),
  },
  'a page of deliveries in the middle': {
    rows: pageSize,
    work: ({ store }) =>
      listDeliveries(databaseOf(store), everything, { limit: pageSize, cursor: newId() }),
  },
  'a page of a busy webhook’s deliveries': {
    rows: pageSize,
    work: ({ store, busy: webhookId }) =>
      listDeliveries(databaseOf(store), everything, { limit: pageSize, webhookId }),
  },
  'a page of a quiet webhook’s deliveries': {
    rows: pageSize,
    work: ({ store, quiet: webhookId }) =>
      listDeliveries(databaseOf(store), everything, { limit: pageSize, webhookId }),
  },
  'a page of a webhook’s deliveries in a state': {
    rows: 2 * window,
    work: ({ store, busy: webhookId }) =>
      listDeliveries(databaseOf(store), everything, {
        limit: pageSize,
        webhookId,
        state: 'cancelled',
      }),
  },
  'a numbered page of deliveries with a keyword': {
    rows: bodiesSeenMax,
    work: ({ store, busy: webhookId }) =>
      listDeliveriesByPage(databaseOf(store), everything, {
        search: { webhookId, keyword: 'nowhere' },
        page: { offset: 0, limit: pageSize },
      }),
  },
  'how a webhook is': {
    // Those that wait are counted.
    rows: 4_000,
    work: ({ store, busy, quiet }) => readHealth(databaseOf(store), [busy, quiet]),
  },
  'how a webhook is, as its owner sees it': {
    rows: 4_000,
    work: ({ store, busy, quiet }) =>
      readHealth(databaseOf(store), [busy, quiet], {
        kind: 'account',
        accountId: 'none',
        domainId: 'none',
      }),
  },
  'delivering an event once more': {
    rows: 10,
    work: async world => {
      const [eventId = ''] = await record(world, 1);
      const owed = { eventId, webhookId: world.busy };
      await inTransaction(world.store, async database => {
        await isDisabled(database, world.busy);
        await isInScope(database, owed);
        await insertRedelivery(database, {
          ...owed,
          id: redeliveryId(eventId, randomBytes(16).toString('hex')),
        });
      });
    },
  },
  'redelivering what failed': {
    rows: 25_000,
    work: ({ store, busy: webhookId }) =>
      inTransaction(store, database =>
        insertRedeliveries(database, { webhookId, visibility: everything, state: 'failed' }),
      ),
  },
  'deleting deliveries': {
    rows: 500,
    work: async ({ store, other }) => {
      const sweep = { webhookId: await other(), visibility: everything };
      await inTransaction(store, database => deleteDeliveries(database, sweep));
    },
  },
  'deleting a delivery': {
    rows: 10,
    work: async world => {
      const [eventId = ''] = await record(world, 1);
      const id = deliveryId(eventId, world.ordered);
      await inTransaction(world.store, database => deleteDelivery(database, id));
    },
  },
};
