/**
 * What can change between the moment that something is owed and the moment that it is sent, for each way in which it may be sent:
 * nothing goes to whom it is not for any more, and all that still is goes out, to where the webhook points now.
 */
import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { redeliveryId } from '../../src/event/id.ts';
import { databaseOf, inTransaction } from '../../src/store/database.ts';
import { insertOutcomes } from '../../src/store/delivery/outcome.ts';
import { insertRedeliveries, insertRedelivery } from '../../src/store/delivery/redeliver.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { everything } from '../../src/store/sql/visibility.ts';
import { startReceiver, type Receiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openDispatchHarness, type DispatchHarness } from './dispatch-harness.ts';
import { join, newId } from './record-harness.ts';

let harness: DispatchHarness;
let former: Receiver;
let present: Receiver;
/** A process that recorded events and died before it wrote what it owed. */
let dead: number;

/** A webhook with its owner, an event's account beside the owner, and their domain, all of one case. */
interface Place {
  readonly key: string;
  readonly webhookId: string;
}

interface Change {
  /** Columns of the webhook at first, besides its owner `own-<key>` in `in-<key>`; Domain of that by default. */
  readonly first?: string;
  /** Whom the event is of; `peer` of the same domain by default. */
  readonly of?: 'own' | 'nobody';
  readonly later: (place: Place) => string;
  readonly ends: 'cancelled' | 'delivered' | 'pending';
  /** Where it arrives. */
  readonly at?: 'former' | 'present';
}

const setWebhook =
  (columns: string) =>
  ({ webhookId }: Place) =>
    `update webhook set ${columns} where id = '${webhookId}'`;

const changes: Readonly<Record<string, Change>> = {
  nothing: { later: () => 'select 1', ends: 'delivered', at: 'former' },
  'the scope, to Local': { later: setWebhook(`scope = 'Local'`), ends: 'cancelled' },
  'the scope, to Local, of the account’s own event': {
    of: 'own',
    later: setWebhook(`scope = 'Local'`),
    ends: 'delivered',
    at: 'former',
  },
  'the scope, from Global, of an event of nobody': {
    first: `scope = 'Global'`,
    of: 'nobody',
    later: setWebhook(`scope = 'Local'`),
    ends: 'cancelled',
  },
  'the domain': {
    later: ({ webhookId }) =>
      `update webhook set domain_id = 'elsewhere' where id = '${webhookId}'`,
    ends: 'cancelled',
  },
  'the owner': {
    first: `scope = 'Local'`,
    of: 'own',
    later: ({ key, webhookId }) =>
      `update webhook set account_id = 'peer-${key}' where id = '${webhookId}'`,
    ends: 'cancelled',
  },
  'the domain of the event’s account': {
    later: ({ key }) => `update account set domain_id = 'elsewhere' where id = 'peer-${key}'`,
    ends: 'cancelled',
  },
  'the domain of the owner, who leaves': {
    later: ({ key }) => `update account set domain_id = 'elsewhere' where id = 'own-${key}'`,
    ends: 'cancelled',
  },
  'the domain of the owner, of the account’s own event': {
    first: `scope = 'Local'`,
    of: 'own',
    later: ({ key }) => `update account set domain_id = 'elsewhere' where id = 'own-${key}'`,
    ends: 'delivered',
    at: 'former',
  },
  'the place of the domain, with all in it': {
    later: ({ key }) => `update domain set parent_id = 'elsewhere' where id = 'in-${key}'`,
    ends: 'delivered',
    at: 'former',
  },
  // Record 56: an Admin has to narrow it.
  'the role of the owner’s user': {
    later: ({ key }) =>
      `insert into app_user (username, role, account_id) values ('u-${key}', 'User', 'own-${key}')`,
    ends: 'delivered',
    at: 'former',
  },
  'the owner, who is gone from the cloud': {
    later: ({ key }) => `update account set removed_at = now() where id = 'own-${key}'`,
    ends: 'cancelled',
  },
  'the state, to Disabled': { later: setWebhook(`state = 'Disabled'`), ends: 'cancelled' },
  'the state, to Paused': { later: setWebhook(`state = 'Paused'`), ends: 'pending' },
  'the webhook, which is deleted': {
    later: ({ webhookId }) => `delete from webhook where id = '${webhookId}'`,
    ends: 'cancelled',
  },
  'the URL': {
    later: place => setWebhook(`payload_url = '${present.url}${place.key}'`)(place),
    ends: 'delivered',
    at: 'present',
  },
  'the URL and the scope': {
    later: place =>
      setWebhook(`payload_url = '${present.url}${place.key}', scope = 'Local'`)(place),
    ends: 'cancelled',
  },
};

const failed = { startedAt: new Date(), durationMs: 1, status: 500 };

/** Each leaves one delivery to be sent. */
const ways = {
  'at first': async (eventId: string, webhookId: string) =>
    settle(eventId, webhookId, { state: 'pending', tries: 0, nextAttemptAtMs: Date.now() }),
  again: async (eventId: string, webhookId: string) =>
    settle(eventId, webhookId, {
      state: 'pending',
      tries: 1,
      nextAttemptAtMs: Date.now(),
      attempt: failed,
    }),
  'as a redelivery': async (eventId: string, webhookId: string) => {
    const id = redeliveryId(eventId, randomUUID().replaceAll('-', ''));
    await insertRedelivery(databaseOf(harness.records.store), { id, eventId, webhookId });
  },
  'with many at once': async (eventId: string, webhookId: string) => {
    await settle(eventId, webhookId, { state: 'failed', tries: 3, attempt: failed });
    const sweep = { webhookId, visibility: everything, state: 'failed' } as const;
    await inTransaction(harness.records.store, database => insertRedeliveries(database, sweep));
  },
  'after a process has died': async () => undefined,
} as const;
type Way = keyof typeof ways;

type Outcome = Parameters<typeof insertOutcomes>[1][number];

async function settle(
  eventId: string,
  webhookId: string,
  facts: Omit<Outcome, 'eventId' | 'webhookId'>,
): Promise<void> {
  const outcome: Outcome = { eventId, webhookId, ...facts };
  await insertOutcomes(databaseOf(harness.records.store), [outcome]);
}

const rows = async (query: string) => harness.records.rows(query);

interface Case extends Place {
  readonly eventId: string;
}

async function prepare(way: Way, { first, of }: Change, key: string): Promise<Case> {
  const { store, processId } = harness.records;
  await rows(`insert into domain (id, name, parent_id) values ('in-${key}', 'd', 'root')`);
  await rows(`insert into account (id, name, domain_id) values
    ('own-${key}', 'o', 'in-${key}'), ('peer-${key}', 'p', 'in-${key}')`);
  const webhookId = await harness.webhook(`${former.url}${key}`, { accountId: `own-${key}` });
  const columns = first ?? `scope = 'Domain', domain_id = 'in-${key}'`;
  await rows(`update webhook set ${columns} where id = '${webhookId}'`);
  const eventId = newId();
  const account = of === 'nobody' ? undefined : `${of ?? 'peer'}-${key}`;
  const envelope = { event: 'VM.START', ...(account !== undefined && { account }) };
  await recordBatch(databaseOf(store), {
    processId: way === 'after a process has died' ? dead : processId,
    source: 's',
    events: [{ id: eventId, envelope, body: '{}', owed: [webhookId] }],
    quarantined: [],
  });
  await ways[way](eventId, webhookId);
  return { key, webhookId, eventId };
}

const wayNames: readonly Way[] = [
  'at first',
  'again',
  'as a redelivery',
  'with many at once',
  'after a process has died',
];
const table = wayNames.flatMap((way, at) =>
  Object.keys(changes).map((name, index) => ({ way, name, key: `${at}-${index}` })),
);
const cases = new Map<string, Case>();

beforeAll(async () => {
  harness = await openDispatchHarness();
  [former, present] = [await startReceiver(), await startReceiver()];
  const { store } = harness.records;
  await rows(`insert into domain (id, name, parent_id) values ('elsewhere', 'e', 'root')`);
  dead = await join(store);
  for (const { way, name, key } of table) {
    const change = changes[name];
    if (!change) throw new RangeError(name);
    const made = await prepare(way, change, key);
    cases.set(key, made);
    await rows(change.later(made));
  }
  await rows(`update process set lease_until = now() - interval '1 minute' where id = ${dead}`);
  await harness.start();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  await former[Symbol.asyncDispose]();
  await present[Symbol.asyncDispose]();
});

describe.each(wayNames)('what is sent %s', way => {
  it.each(table.filter(row => row.way === way))('heeds a change of $name', async row => {
    const { key, name } = row;
    const { eventId = '' } = cases.get(key) ?? {};
    const { ends, at } = changes[name] ?? {};
    const states = await waitUntil(`${name}, sent ${way}, to be ${ends}`, async () => {
      const found = await harness.records.rows<{ state: string }>(
        `select state from delivery where event_id = '${eventId}' order by created_at, id`,
      );
      const all = found.map(({ state }) => state);
      return all.includes(ends ?? '') && all;
    });
    const isBulk = way === 'with many at once';
    expect(states).toHaveLength(isBulk ? 2 : 1);
    expect(states).toEqual(expect.arrayContaining([...(isBulk ? ['failed'] : []), ends]));
    const arrivedAt = (receiver: Receiver) =>
      receiver.requests.filter(({ path }) => path === `/${key}`).length;
    expect({ former: arrivedAt(former), present: arrivedAt(present) }).toEqual({
      former: at === 'former' ? 1 : 0,
      present: at === 'present' ? 1 : 0,
    });
  });
});
