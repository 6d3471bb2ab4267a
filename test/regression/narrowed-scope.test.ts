/** What a webhook was owed before its scope was narrowed went to wherever its owner pointed it afterwards. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import {
  account,
  openDispatchHarness,
  tenant,
  type DispatchHarness,
} from '../integration/dispatch-harness.ts';
import { startReceiver, type Receiver } from '../service/receiver.ts';

const [rootId, below] = ['root', 'below'];

let harness: DispatchHarness;
let former: Receiver;
let present: Receiver;

beforeAll(async () => {
  harness = await openDispatchHarness();
  [former, present] = [await startReceiver(), await startReceiver()];
  former.answerWith({ status: 500, body: 'no' });
  await harness.start({ HOOKLINE_DISPATCH_BACKOFF_BASE_MS: '1000' });
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  await former[Symbol.asyncDispose]();
  await present[Symbol.asyncDispose]();
});

interface Situation {
  /** The owner of the webhook, and what it covers first. */
  readonly ownerId: string;
  readonly first: string;
  /** The account of the event; absent for an event of nobody. */
  readonly of: string | undefined;
  readonly batch?: Readonly<Record<string, unknown>>;
  /** What changes between the first attempt and the second. */
  readonly later: string;
}

async function secondTry({ ownerId, first, of, batch, later }: Situation) {
  const webhookId = await harness.webhook(`${former.url}${Math.random()}`, {
    accountId: ownerId,
    tries: 3,
    ...(batch && { batch, format: 'envelope' }),
  });
  const run = async (change: string) =>
    harness.records.rows(`update webhook set ${change} where id = '${webhookId}'`);
  await run(first);
  const eventId = await harness.owe(webhookId, undefined, { account: of });
  await harness.tried(eventId);
  if (later.startsWith('update')) await harness.records.rows(later);
  else await run(`${later}, payload_url = '${present.url}${eventId}'`);
  const row = await harness.settled(eventId, 'delivered', 'failed', 'cancelled');
  const arrived = present.requests.filter(({ path }) => path === `/${eventId}`).length;
  return { state: row.state, error: row.error, arrived };
}

const cancelled = {
  state: 'cancelled',
  error: "the event is outside of the webhook's present scope",
  arrived: 0,
};
const domainWide = `scope = 'Domain', domain_id = '${rootId}'`;

it.each<readonly [string, Situation]>([
  [
    'of an account below, once its domain’s webhook is Local',
    { ownerId: account, first: domainWide, of: tenant, later: `scope = 'Local'` },
  ],
  [
    'of nobody, once a Global webhook is Local',
    { ownerId: tenant, first: `scope = 'Global'`, of: undefined, later: `scope = 'Local'` },
  ],
  [
    'of an account above, once a Global webhook is a domain’s',
    {
      ownerId: tenant,
      first: `scope = 'Global'`,
      of: account,
      later: `scope = 'Domain', domain_id = '${below}'`,
    },
  ],
  [
    'of another account, once the webhook is given to somebody else',
    { ownerId: account, first: `scope = 'Local'`, of: account, later: `account_id = '${tenant}'` },
  ],
  [
    'in a batch, as one alone',
    {
      ownerId: account,
      first: domainWide,
      of: tenant,
      batch: { eventsMax: 5, waitMs: 50 },
      later: `scope = 'Local'`,
    },
  ],
])('sends no event %s', async (_, situation) => {
  expect(await secondTry(situation)).toEqual(cancelled);
});

it('sends on what the narrower scope covers as well', async () => {
  const situation = { ownerId: account, first: domainWide, of: account, later: `scope = 'Local'` };
  expect(await secondTry(situation)).toEqual({ state: 'delivered', error: null, arrived: 1 });
});

it('sends no event of an account that has moved to another domain meanwhile', async () => {
  const moves = `update account set domain_id = '${rootId}' where id = '${tenant}'`;
  const first = `scope = 'Domain', domain_id = '${below}'`;
  const result = await secondTry({ ownerId: tenant, first, of: tenant, later: moves });
  // The webhook stays behind in a domain that is no longer its owner's, which disables it.
  expect(result).toEqual({ ...cancelled, error: 'the webhook is disabled' });
});
