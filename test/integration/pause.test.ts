/** A webhook that is paused keeps all that waits for it; one that is disabled, or goes, lets go of all of it. */
import { describe, expect, it } from 'vitest';

import { startReceiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { account, openDispatchHarness, type DispatchHarness } from './dispatch-harness.ts';

const roles = ['dispatch', 'janitor'] as const;
const count = 40;

/** Their receiver refuses each once or more, and the waits before the next try differ. */
async function oweRefused(harness: DispatchHarness, webhookId: string): Promise<void> {
  for (let one = 0; one < count; one += 1) await harness.owe(webhookId);
  await waitUntil('every delivery to have been refused', async () => {
    const [row] = await harness.records.rows<{ n: string }>(
      `select count(*) as n from delivery where state = 'pending' and tries > 0`,
    );
    return Number(row?.n) === count;
  });
}

async function statesOf({ records }: DispatchHarness): Promise<Record<string, number>> {
  const rows = await records.rows<{ state: string; n: string }>(
    'select state, count(*) as n from delivery group by state',
  );
  return Object.fromEntries(rows.map(({ state, n }) => [state, Number(n)]));
}

const setState = (harness: DispatchHarness, state: string): Promise<unknown> =>
  harness.records.rows(`update webhook set state = '${state}'`);

const slowly = {
  HOOKLINE_DISPATCH_BACKOFF_BASE_MS: '2000',
  HOOKLINE_DISPATCH_TRIES: '50',
};

describe.concurrent('a webhook that is paused', () => {
  it('keeps every delivery that waits and every new one, sends none, and sends all when it is enabled', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 500 });
    const webhookId = await harness.webhook(receiver.url);
    await harness.start(slowly, undefined, roles);
    await oweRefused(harness, webhookId);
    await setState(harness, 'Paused');
    await harness.owe(webhookId);
    await waitUntil('nothing to be claimed any more', async () => {
      const states = await statesOf(harness);
      return states['pending'] === count + 1;
    });
    await harness.records.rows('update delivery set next_attempt_at = now()');
    const before = receiver.total();
    receiver.answerWith({ status: 200 });
    // One claim asks for the deliveries of all webhooks: had the paused one's been asked for, they would come before the second.
    const other = await harness.webhook(`${receiver.url}other`);
    for (const _ of [1, 2]) await harness.settled(await harness.owe(other), 'delivered');
    expect(receiver.total()).toBe(before + 2);
    expect(await statesOf(harness)).toEqual({ pending: count + 1, delivered: 2 });
    await setState(harness, 'Enabled');
    await waitUntil('all to be delivered', async () => {
      const { delivered = 0 } = await statesOf(harness);
      return delivered === count + 3;
    });
    expect(await statesOf(harness)).toEqual({ delivered: count + 3 });
  });

  it('lets nothing expire, not even when it is enabled again', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const webhookId = await harness.webhook(receiver.url);
    await setState(harness, 'Paused');
    const other = await harness.webhook(`${receiver.url}other`);
    await harness.records.rows(`update webhook set state_since = 'epoch' where id = '${other}'`);
    await harness.records.rows(
      `insert into setting (scope, name, value) values ('global', 'webhook.delivery.expire.after', '1')`,
    );
    await harness.start({}, undefined, ['janitor']);
    const kept = await harness.owe(webhookId);
    const expired = await harness.owe(other);
    await harness.records.rows(`update delivery set created_at = created_at - interval '1 hour'`);
    await harness.settled(expired, 'failed');
    expect(await harness.delivery(kept)).toMatchObject({ state: 'pending' });
    await harness.records.rows(`update webhook set state = 'Enabled' where id = '${webhookId}'`);
    await harness.start({}, undefined, ['dispatch']);
    await harness.settled(kept, 'delivered');
  });

  it('is disabled by a receiver that says 410 in the last answer', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 410, delayMs: 700 });
    const webhookId = await harness.webhook(receiver.url);
    await harness.start();
    await harness.owe(webhookId);
    await receiver.waitFor(1);
    await setState(harness, 'Paused');
    await waitUntil('it to be disabled', async () => {
      const [row] = await harness.records.rows<{ state: string; state_reason: string }>(
        'select state, state_reason from webhook',
      );
      return row?.state === 'Disabled' && row.state_reason === 'the receiver answered 410 Gone';
    });
  });
});

describe.concurrent('every delivery that waits is cancelled, whatever its back-off', () => {
  it.each<[string, (harness: DispatchHarness) => Promise<unknown>]>([
    ['when its webhook is disabled', harness => setState(harness, 'Disabled')],
    [
      'when its webhook is disabled for a moment',
      async harness => {
        await setState(harness, 'Disabled');
        await setState(harness, 'Enabled');
      },
    ],
    [
      'when its webhook is paused and then disabled',
      async harness => {
        await setState(harness, 'Paused');
        await setState(harness, 'Disabled');
      },
    ],
    ['when its webhook is deleted', async harness => harness.records.rows('delete from webhook')],
    [
      'when its webhook’s owner goes, and comes back at once',
      async harness => {
        const where = `where id = '${account}'`;
        await harness.records.rows(`update account set removed_at = now() ${where}`);
        await harness.records.rows(`update account set removed_at = null ${where}`);
      },
    ],
  ])('%s', async (_when, stop) => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 500 });
    const webhookId = await harness.webhook(receiver.url);
    await harness.start(
      { ...slowly, HOOKLINE_DISPATCH_BACKOFF_BASE_MS: '600000' },
      undefined,
      roles,
    );
    await oweRefused(harness, webhookId);
    receiver.answerWith({ status: 200 });
    await stop(harness);
    await waitUntil(
      'all to be cancelled',
      async () => (await statesOf(harness))['cancelled'] === count,
      20_000,
    );
    expect(await statesOf(harness)).toEqual({ cancelled: count });
  });
});
