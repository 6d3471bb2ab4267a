/** Receivers that are down: what comes for them waits, costs nothing, and arrives when they are back. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';

import { describe, expect, it } from 'vitest';

import { redeliveryId } from '../../src/event/id.ts';
import { databaseOf } from '../../src/store/database.ts';
import { listDeliveries } from '../../src/store/delivery/delivery.ts';
import { insertRedelivery } from '../../src/store/delivery/redeliver.ts';
import { everything } from '../../src/store/sql/visibility.ts';
import { closeBreaker } from '../../src/store/webhook/breaker.ts';
import { readHealth } from '../../src/store/webhook/health.ts';
import { startReceiver, type Receiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { account, openDispatchHarness, type DispatchHarness } from './dispatch-harness.ts';

interface HealthRow {
  readonly state: string;
  readonly next_probe_at: string | null;
  readonly last_error: string | null;
}

async function untilState(
  { records }: DispatchHarness,
  webhookId: string,
  state: string,
): Promise<HealthRow> {
  return waitUntil(`the webhook to be ${state}`, async () => {
    const [row] = await records.rows<HealthRow>(
      `select * from webhook_health where webhook_id = '${webhookId}'`,
    );
    return row?.state === state && row;
  });
}

async function oweMany(
  harness: DispatchHarness,
  webhookId: string,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) ids.push(await harness.owe(webhookId));
  return ids;
}

const idsOf = (receiver: Receiver): unknown[] =>
  receiver.requests.map(({ headers }) => headers['webhook-id']);

describe('a receiver that is down', () => {
  it('gets everything when it is back, each once, though Hookline was restarted meanwhile, and no try is counted', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const port = Number(new URL(receiver.url).port);
    await receiver[Symbol.asyncDispose]();
    const webhookId = await harness.webhook(`http://127.0.0.1:${port}/`, { tries: 1 });
    const first = await harness.start();
    const eventIds = await oweMany(harness, webhookId, 30);
    const row = await untilState(harness, webhookId, 'open');
    expect(row.last_error).toMatch(/ECONNREFUSED/);
    expect(Date.parse(row.next_probe_at ?? '')).toBeGreaterThan(Date.now() - 1_000);
    await first.stop();
    await harness.start();
    eventIds.push(...(await oweMany(harness, webhookId, 20)));
    const states = await harness.records.rows('select distinct state, tries from delivery');
    expect(states).toEqual([{ state: 'pending', tries: 0 }]);
    await using back = await startReceiver({ port });
    await back.waitFor(50);
    for (const id of eventIds) await harness.settled(id, 'delivered');
    expect(new Set(idsOf(back))).toEqual(new Set(eventIds));
    expect(back.total()).toBe(50);
    await untilState(harness, webhookId, 'ok');
  });

  it('makes its deliveries wait for the next probe, and they say so', async () => {
    await using harness = await openDispatchHarness();
    const webhookId = await harness.webhook('http://127.0.0.1:9/');
    await harness.owe(webhookId);
    const nextProbeAt = new Date(Date.now() + 3_600_000).toISOString();
    await harness.records.rows(`insert into webhook_health (webhook_id, state, since, next_probe_at)
      values ('${webhookId}', 'open', now(), '${nextProbeAt}')`);
    const database = databaseOf(harness.records.store);
    const { items } = await listDeliveries(database, everything, { limit: 10, webhookId });
    expect(items.map(item => new Date(item.nextAttemptAt ?? '').toISOString())).toEqual([
      nextProbeAt,
    ]);
  });

  it('is left alone but for a probe now and then', async () => {
    await using harness = await openDispatchHarness();
    let connections = 0;
    const server = createServer(socket => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>(resolve => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const webhookId = await harness.webhook(`http://127.0.0.1:${port}/`);
    await oweMany(harness, webhookId, 100);
    await harness.start();
    await waitUntil('the second probe', () => connections >= 3);
    const [{ seconds } = { seconds: 0 }] = await harness.records.rows<{ seconds: number }>(
      'select extract(epoch from now() - since)::float8 as seconds from webhook_health',
    );
    // A probe a second at the most, and the attempt that opened it.
    expect(connections).toBeLessThanOrEqual(2 + seconds);
    server.close();
  });

  it('gets its batches afterwards', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 502 });
    const webhookId = await harness.webhook(receiver.url, {
      format: 'envelope',
      batch: { eventsMax: 10, waitMs: 100, as: 'array', gzip: false },
    });
    await harness.start();
    const eventIds = await oweMany(harness, webhookId, 25);
    await untilState(harness, webhookId, 'open');
    receiver.answerWith({ status: 200 });
    for (const id of eventIds) await harness.settled(id, 'delivered');
    expect(receiver.total()).toBeLessThan(10);
  });

  it('is tried at once when its webhook is corrected in plain SQL', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const webhookId = await harness.webhook('http://127.0.0.1:1/');
    await harness.start();
    const eventId = await harness.owe(webhookId);
    await untilState(harness, webhookId, 'open');
    await harness.records.rows(
      `update webhook_health set next_probe_at = now() + interval '1 hour'`,
    );
    await harness.records.rows(`update webhook set payload_url = '${receiver.url}'`);
    expect(await harness.settled(eventId, 'delivered')).toMatchObject({ tries: 1 });
  });

  it('is disabled after failing for as long as the setting says, and begins anew when it is enabled', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 500 });
    await harness.records.rows(`insert into setting (scope, scope_id, name, value)
      values ('global', '', 'webhook.failing.disable.after', '1')`);
    const webhookId = await harness.webhook(receiver.url, { tries: 100 });
    await harness.start({ HOOKLINE_DISPATCH_BACKOFF_CAP_MS: '100' });
    await harness.owe(webhookId);
    await waitUntil('the webhook to be disabled', async () => {
      const [row] = await harness.records.rows<{ state: string }>('select state from webhook');
      return row?.state === 'Disabled';
    });
    const healthOf = async () =>
      (await readHealth(databaseOf(harness.records.store), [webhookId])).get(webhookId);
    expect(await healthOf()).toMatchObject({
      state: 'disabled',
      since: expect.stringMatching(/^20/),
      reason: expect.stringMatching(/^every attempt since 20.*Z failed$/),
    });
    receiver.answerWith({ status: 200 });
    await harness.records.rows(`update webhook set state = 'Enabled'`);
    expect(await healthOf()).toMatchObject({ state: 'ok', reason: null });
    await waitUntil('a delivery', async () => {
      const row = await harness.settled(await harness.owe(webhookId), 'delivered', 'cancelled');
      return row.state === 'delivered';
    });
  });

  it('is told by its health: since when, why, the next probe, and what waits', async () => {
    await using harness = await openDispatchHarness();
    const webhookId = await harness.webhook('http://127.0.0.1:1/');
    await harness.start();
    await oweMany(harness, webhookId, 5);
    await untilState(harness, webhookId, 'open');
    // The breaker may be open before the last of them are rows.
    const health = await waitUntil('what waits to be written', async () => {
      const read = await readHealth(databaseOf(harness.records.store), [webhookId]);
      return (read.get(webhookId)?.backlog ?? 0) >= 4 && read.get(webhookId);
    });
    expect(health).toMatchObject({
      state: 'open',
      since: expect.stringMatching(/^20/),
      reason: null,
      lastError: 'connect ECONNREFUSED 127.0.0.1:1',
      nextProbeAt: expect.stringMatching(/^20/),
    });
  });

  it.each(['a redelivery', 'a good test delivery'])('is tried at once after %s', async by => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 503, headers: { 'retry-after': '3000' } });
    const webhookId = await harness.webhook(receiver.url);
    await harness.start();
    const [eventId = ''] = await oweMany(harness, webhookId, 4);
    await untilState(harness, webhookId, 'open');
    receiver.answerWith({ status: 200 });
    const database = databaseOf(harness.records.store);
    if (by === 'a redelivery') {
      const id = redeliveryId(eventId, randomBytes(16).toString('hex'));
      await insertRedelivery(database, { id, eventId, webhookId });
    } else {
      await closeBreaker(database, { id: webhookId, payloadUrl: receiver.url });
    }
    await untilState(harness, webhookId, 'ok');
    await waitUntil('every delivery', async () => {
      const states = await harness.records.rows('select distinct state from delivery');
      return JSON.stringify(states) === '[{"state":"delivered"}]';
    });
  });

  it('loses what has waited for longer than the setting allows, and nothing else', async () => {
    await using harness = await openDispatchHarness();
    await harness.records.rows(`insert into setting (scope, scope_id, name, value)
      values ('global', '', 'webhook.delivery.expire.after', '3600')`);
    const webhookId = await harness.webhook('http://127.0.0.1:1/');
    await harness.records.rows(`update webhook set state_since = now() - interval '1 day'`);
    const [old = '', redelivered = '', young = ''] = await oweMany(harness, webhookId, 3);
    // The first event, and the second one's former delivery, are two hours old.
    for (const id of [old, redelivered]) {
      await harness.records.rows(`update delivery set id = overlay(id::text placing
          substr(lpad(to_hex((extract(epoch from now() - interval '2 hours') * 1000)::bigint), 12, '0'), 1, 8) from 1)::uuid,
        created_at = now() - interval '2 hours' where event_id = '${id}'`);
    }
    await harness.records.rows(
      `update delivery set created_at = now() where event_id = '${redelivered}'`,
    );
    await harness.start({}, undefined, ['janitor']);
    expect(await harness.settled(old, 'failed')).toMatchObject({ tries: 0, error: 'expired' });
    expect(await harness.delivery(redelivered)).toMatchObject({ state: 'pending' });
    expect(await harness.delivery(young)).toMatchObject({ state: 'pending' });
  });

  it('is given up after its tries where the setting says as CloudStack does', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 503 });
    await harness.records.rows(
      `insert into setting (scope, scope_id, name, value) values ('domain', 'root', 'webhook.delivery.outage', 'fail')`,
    );
    const webhookId = await harness.webhook(receiver.url);
    await harness.start({ HOOKLINE_DISPATCH_BACKOFF_BASE_MS: '600000' });
    const eventId = await harness.owe(webhookId);
    expect(await harness.settled(eventId, 'failed')).toMatchObject({ tries: 3, status: 503 });
    await untilState(harness, webhookId, 'failing');
  });
});

describe('a backlog', () => {
  it.each(['webhook.backlog.limit', 'account.backlog.limit'])(
    'beyond %s loses its oldest deliveries, which is told once',
    async name => {
      await using harness = await openDispatchHarness();
      await harness.records.rows(
        `insert into setting (scope, scope_id, name, value) values ('global', '', '${name}', '3')`,
      );
      const webhookId = await harness.webhook('http://127.0.0.1:1/');
      const eventIds = await oweMany(harness, webhookId, 5);
      await harness.start({}, undefined, ['janitor']);
      const [first = '', second = '', ...kept] = eventIds;
      for (const id of [first, second]) {
        expect((await harness.settled(id, 'failed')).error).toBe('backlog limit');
      }
      for (const id of kept) expect((await harness.delivery(id)).state).toBe('pending');
      const told = async () =>
        harness.records.rows(
          `select event, entityuuid from event where category = 'HooklineEvent'`,
        );
      await waitUntil('the event', async () => (await told()).length > 0);
      expect(await told()).toEqual([{ event: 'WEBHOOK.BACKLOG', entityuuid: webhookId }]);
      const health = await readHealth(databaseOf(harness.records.store), [webhookId]);
      expect(health.get(webhookId)?.backlogCutAt).toMatch(/^20/);
    },
  );
});

describe('a receiver that asks for a pause', () => {
  it('is left alone for that long, whatever comes', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const webhookId = await harness.webhook(receiver.url);
    await harness.start();
    await harness.settled(await harness.owe(webhookId), 'delivered');
    receiver.answerWith({ status: 429, headers: { 'retry-after': '2' } });
    await harness.owe(webhookId);
    await receiver.waitFor(2);
    receiver.answerWith({ status: 200 });
    await oweMany(harness, webhookId, 5);
    const arrivedAt = (await receiver.waitFor(8)).map(({ receivedAt }) => receivedAt);
    expect((arrivedAt[2] ?? 0) - (arrivedAt[1] ?? 0)).toBeGreaterThan(1_800);
  });
});

describe('Hookline’s own events', () => {
  it('tell others that a webhook is failing, recovered and disabled, each once, and never the webhook itself', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    await using other = await startReceiver();
    receiver.answerWith({ status: 500 });
    const webhookId = await harness.webhook(receiver.url, { tries: 100 });
    const watching = await harness.webhook(other.url);
    await harness.records.rows(`update webhook set categories = '{ActionEvent,HooklineEvent}'`);
    const environment = { HOOKLINE_DISPATCH_BACKOFF_CAP_MS: '100' };
    await harness.start(environment);
    await harness.start(environment);
    await harness.owe(webhookId);
    await other.waitFor(1);
    receiver.answerWith({ status: 200 });
    await other.waitFor(2);
    receiver.answerWith({ status: 410 });
    await harness.owe(webhookId);
    await other.waitFor(3);
    const told = other.requests.map(({ body }) => JSON.parse(body.toString()));
    expect(told.map(({ event }) => event)).toEqual([
      'WEBHOOK.FAILING',
      'WEBHOOK.RECOVERED',
      'WEBHOOK.DISABLED',
    ]);
    expect(told[0]).toMatchObject({
      category: 'HooklineEvent',
      entity: 'Webhook',
      entityuuid: webhookId,
      account,
      description: 'Deliveries to the webhook "w" fail: status 500',
    });
    expect(receiver.requests.map(({ headers }) => headers['x-cs-event'])).not.toContain(
      'WEBHOOK.FAILING',
    );
    const owed = await harness.records.rows<{ owed: readonly string[] }>(
      `select owed from event where category = 'HooklineEvent'`,
    );
    expect(owed).toEqual([{ owed: [watching] }, { owed: [watching] }, { owed: [watching] }]);
  });

  it('are no events about webhooks that fail on such events alone, so that none leads to another', async () => {
    await using harness = await openDispatchHarness();
    await using down = await startReceiver();
    await using refusing = await startReceiver();
    down.answerWith({ status: 500 });
    refusing.answerWith({ status: 500 });
    const webhookId = await harness.webhook(down.url, { tries: 3 });
    const watching = await harness.webhook(refusing.url, { tries: 5 });
    await harness.records.rows(`update webhook set categories = '{HooklineEvent}'`);
    await harness.start({ HOOKLINE_DISPATCH_BACKOFF_CAP_MS: '50' });
    await harness.owe(webhookId);
    await untilState(harness, webhookId, 'failing');
    await untilState(harness, watching, 'failing');
    await refusing.waitFor(5);
    const events = await harness.records.rows(
      `select event, entityuuid from event where category = 'HooklineEvent'`,
    );
    expect(events).toEqual([{ event: 'WEBHOOK.FAILING', entityuuid: webhookId }]);
  });
});
