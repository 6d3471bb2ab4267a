import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { MatchSync } from '../../src/match/match-sync.ts';
import { SettingSync } from '../../src/setting/setting-sync.ts';
import { databaseOf } from '../../src/store/database.ts';
import { trimDeliveries } from '../../src/store/delivery/trim.ts';
import { runTrimmer } from '../../src/upkeep/trimmer.ts';
import { startReceiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { settingDefaults } from './api-harness.ts';
import { openDispatchHarness } from './dispatch-harness.ts';
import { openMatchSync } from './match-sync-harness.ts';
import { newId, openRecordHarness, silent } from './record-harness.ts';
import type { RecordHarness } from './record-harness.ts';

interface Replica extends AsyncDisposable {
  readonly settings: SettingSync;
  readonly sync: MatchSync;
}

/** Follows the tables as a process does. */
async function startReplica(harness: RecordHarness): Promise<Replica> {
  const { store } = harness;
  const sync = await openMatchSync(harness, {
    onSetting: () => settings.reload(),
    onTree: () => settings.forget(),
  });
  const settings = await SettingSync.open({
    store,
    defaults: settingDefaults,
    timeoutMsMax: 30_000,
    waitMsMax: 1_000_000,
    pathOf: id => sync.index.pathOf(id),
    log: silent,
  });
  const stop = new AbortController();
  const running = sync.run(stop.signal);
  return {
    sync,
    settings,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

const domains = `insert into domain (id, name, parent_id) values ('top', 'T', null), ('left', 'L', 'top'),
    ('right', 'R', 'top');
  insert into account (id, name, domain_id) values ('a', 'a', 'left')`;

async function addWebhook(harness: RecordHarness, domainId = 'left'): Promise<string> {
  const id = randomUUID();
  await harness.rows(`insert into webhook (id, name, account_id, domain_id, payload_url)
    values ('${id}', 'w', 'a', '${domainId}', 'http://r/${id}')`);
  return id;
}

const set = (harness: RecordHarness, scope: string, scopeId: string, facts: [string, string]) =>
  harness.rows(`insert into setting (scope, scope_id, name, value)
    values ('${scope}', '${scopeId}', '${facts[0]}', '${facts[1]}')
    on conflict (scope, scope_id, name) do update set value = excluded.value`);

describe('a setting written in plain SQL', () => {
  it('holds in every process, from the nearest place, until it is taken back', async () => {
    await using harness = await openRecordHarness();
    await harness.rows(domains);
    const id = await addWebhook(harness);
    await using one = await startReplica(harness);
    await using two = await startReplica(harness);
    const agree = (tries: number) =>
      waitUntil(`${tries} tries in both`, () =>
        Promise.resolve(
          [one, two].every(({ sync, settings }) => {
            const webhook = sync.index.webhook(id);
            return webhook !== undefined && settings.of(webhook).tries === tries;
          }),
        ),
      );
    await agree(3);
    await set(harness, 'global', '', ['webhook.delivery.tries', '4']);
    await agree(4);
    await set(harness, 'domain', 'top', ['webhook.delivery.retries', '5']);
    await agree(5);
    await set(harness, 'domain', 'right', ['webhook.delivery.tries', '6']);
    await harness.rows(`update account set domain_id = 'right' where id = 'a'`);
    await agree(6);
    await harness.rows(`update webhook set tries = 7 where id = '${id}'`);
    await agree(7);
    await harness.rows(`update account set domain_id = 'left'; update webhook set tries = null`);
    await agree(5);
    await harness.rows(`update domain set parent_id = 'right' where id = 'left'`);
    await agree(6);
    await set(harness, 'domain', 'right', ['webhook.delivery.tries', 'nonsense']);
    await agree(5);
    await harness.rows('truncate setting');
    await agree(3);
  });

  it('makes no attempt last longer than the operator allows', async () => {
    await using harness = await openRecordHarness();
    await harness.rows(domains);
    const id = await addWebhook(harness);
    await using replica = await startReplica(harness);
    const timeoutIs = (timeoutMs: number) =>
      waitUntil(`a time limit of ${timeoutMs} ms`, async () => {
        const webhook = replica.sync.index.webhook(id);
        return webhook !== undefined && replica.settings.of(webhook).timeoutMs === timeoutMs;
      });
    await timeoutIs(10_000);
    await set(harness, 'global', '', ['webhook.delivery.timeout', '600']);
    await timeoutIs(30_000);
    await harness.rows(`update webhook set timeout_ms = 2000 where id = '${id}'`);
    await timeoutIs(2_000);
    await harness.rows(`update webhook set timeout_ms = 600000 where id = '${id}'`);
    await timeoutIs(30_000);
    expect(replica.sync.index.webhook(id)?.timeoutMs).toBe(600_000);
  });

  it('decides how often the next attempt is made', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 500 });
    const webhookId = await harness.webhook(receiver.url);
    await set(harness.records, 'global', '', ['webhook.delivery.tries', '2']);
    await set(harness.records, 'webhook', webhookId, ['webhook.delivery.backoff', '0.05']);
    await harness.start();
    const eventId = await harness.owe(webhookId);
    expect(await harness.settled(eventId, 'failed')).toMatchObject({ tries: 2, status: 500 });
  });

  it('changes the size of the pool', async () => {
    await using harness = await openRecordHarness();
    await using replica = await startReplica(harness);
    const sizes: number[] = [];
    const { settings } = replica;
    settings.watch(() => sizes.push(settings.number('webhook.delivery.thread.pool.size')));
    expect(sizes).toEqual([64]);
    await set(harness, 'global', '', ['webhook.delivery.thread.pool.size', '7']);
    await waitUntil('the new size', () => Promise.resolve(sizes.at(-1) === 7));
  });
});

/** Deliveries of events one after another, oldest first. @returns their ids. */
async function addDeliveries(
  harness: RecordHarness,
  webhookId: string,
  states: readonly string[],
): Promise<string[]> {
  const ids: string[] = [];
  for (const state of states) {
    const eventId = newId();
    await harness.rows(`insert into delivery (id, event_id, webhook_id, kind, state, tries, created_at, finished_at)
      values ('${eventId}', '${eventId}', '${webhookId}', 'event', '${state}', 2, now(),
        case when '${state}' in ('delivered', 'failed', 'cancelled') then now() end);
      insert into attempt (delivery_id, number, started_at, duration_ms) values ('${eventId}', 1, now(), 1)`);
    ids.push(eventId);
  }
  return ids;
}

const kept = async (harness: RecordHarness, webhookId: string) =>
  (
    await harness.rows<{ id: string }>(
      `select id from delivery where webhook_id = '${webhookId}' order by id`,
    )
  ).map(({ id }) => id);
const passed = (harness: RecordHarness) =>
  harness.rows(`update process set watermark = '${newId()}'`);

describe('trimming', () => {
  it('keeps the newest of the webhook, what was not delivered, and all of other webhooks', async () => {
    await using harness = await openRecordHarness();
    const [mine, other] = [randomUUID(), randomUUID()];
    const theirs = await addDeliveries(harness, other, ['delivered', 'failed', 'delivered']);
    const ids = await addDeliveries(harness, mine, [
      'delivered',
      'pending',
      'failed',
      'delivered',
      'delivering',
      'cancelled',
      'delivered',
      'delivered',
    ]);
    await passed(harness);
    expect(await trimDeliveries(databaseOf(harness.store), mine, 2)).toBe(2);
    expect(await kept(harness, mine)).toEqual([1, 2, 4, 5, 6, 7].map(index => ids[index]));
    expect(await kept(harness, other)).toEqual(theirs);
    expect(await harness.count('attempt')).toBe(6 + theirs.length);
    expect(await trimDeliveries(databaseOf(harness.store), mine, 2)).toBe(0);
  });

  it('tells the newest by when they were delivered, not by the time of their events', async () => {
    await using harness = await openRecordHarness();
    const webhookId = randomUUID();
    const ids = await addDeliveries(
      harness,
      webhookId,
      Array.from({ length: 5 }, () => 'delivered'),
    );
    await harness.rows(
      `update delivery set finished_at = now() + interval '1 minute' where id = '${ids[1]}'`,
    );
    await passed(harness);
    expect(await trimDeliveries(databaseOf(harness.store), webhookId, 2)).toBe(3);
    expect(await kept(harness, webhookId)).toEqual([ids[1], ids[4]]);
  });

  it('leaves the rows by which a take-over tells what is still owed', async () => {
    await using harness = await openRecordHarness();
    const webhookId = randomUUID();
    const ids = await addDeliveries(harness, webhookId, ['delivered', 'delivered', 'delivered']);
    expect(await trimDeliveries(databaseOf(harness.store), webhookId, 1)).toBe(0);
    expect(await kept(harness, webhookId)).toEqual(ids);
    await passed(harness);
    expect(await trimDeliveries(databaseOf(harness.store), webhookId, 1)).toBe(2);
  });

  it('follows each webhook’s own limit, and a changed interval at once', async () => {
    await using harness = await openRecordHarness();
    await harness.rows(domains);
    const [strict, lax] = [await addWebhook(harness), await addWebhook(harness)];
    await addDeliveries(harness, strict, ['delivered', 'delivered', 'delivered']);
    await addDeliveries(harness, lax, ['delivered', 'delivered', 'delivered']);
    await passed(harness);
    await set(harness, 'webhook', strict, ['webhook.deliveries.limit', '1']);
    await set(harness, 'domain', 'left', ['webhook.deliveries.limit', '2']);
    await using replica = await startReplica(harness);
    const { settings, sync } = replica;
    const stop = new AbortController();
    const webhook = (id: string) => sync.index.webhook(id);
    const running = runTrimmer(
      { store: harness.store, settings, webhook, log: silent },
      stop.signal,
    );
    const counts = async () => [
      (await kept(harness, strict)).length,
      (await kept(harness, lax)).length,
    ];
    expect(await counts()).toEqual([3, 3]);
    await set(harness, 'global', '', ['webhook.deliveries.cleanup.initial.delay', '0']);
    await waitUntil('a first trim', async () => String(await counts()) === '1,2');
    await addDeliveries(harness, lax, ['delivered']);
    await passed(harness);
    await set(harness, 'global', '', ['webhook.deliveries.cleanup.interval', '1']);
    await waitUntil('a second trim', async () => String(await counts()) === '1,2');
    stop.abort();
    await running;
  });
});
