import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Envelope } from '../../src/event/envelope.ts';
import { deliveryId, timeOf } from '../../src/event/id.ts';
import { databaseOf } from '../../src/store/database.ts';
import { insertOutcomes } from '../../src/store/delivery/outcome.ts';
import type { Outcome } from '../../src/store/delivery/outcome.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { readStats } from '../../src/store/delivery/stats.ts';
import { everything } from '../../src/store/sql/visibility.ts';
import { newId, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';
import { createWorld } from './permission-world.ts';
import type { World } from './permission-world.ts';

let api: ApiUnderTest;
let world: World;
beforeAll(async () => {
  api = await startApi();
  world = await createWorld(api);
  await world.run(`insert into process (id, host, pid, lease_until, watermark)
    values (1, 'h', 1, now() + interval '1 hour', '${newId()}')`);
});
afterAll(() => api[Symbol.asyncDispose]());

interface Stats {
  readonly from: string;
  readonly bucket: number | null;
  readonly isComplete: boolean;
  readonly items: readonly {
    readonly webhookId?: string;
    readonly eventType?: string;
    readonly at?: string;
    readonly deliveries: number;
    readonly successRate: number | null;
  }[];
}

async function stats(query: string, token = api.token): Promise<Stats> {
  const headers = { authorization: `Bearer ${token}` };
  const { status, text } = await api.ask('GET', `/v1/stats?${query}`, undefined, headers);
  expect(status).toBe(200);
  return JSON.parse(text);
}

async function deliver(
  webhookId: string,
  outcome: Partial<Outcome> = {},
  event = 'VM.START',
  facts: Partial<Envelope> = {},
): Promise<string> {
  const id = newId();
  await recordBatch(databaseOf(api.store), {
    processId: 1,
    source: 's',
    quarantined: [],
    events: [{ id, envelope: { event, ...facts }, body: '{}', owed: [webhookId] }],
  });
  const settled = { eventId: id, webhookId, state: 'delivered' as const, tries: 1, ...outcome };
  await insertOutcomes(databaseOf(api.store), [settled]);
  return id;
}
const took = (durationMs: number, status = 200) => ({
  attempt: { startedAt: new Date(), durationMs, status },
});

const iso = (ms: number): string => new Date(ms).toISOString();

describe('the statistics', () => {
  it('count deliveries by state, and measure every attempt', async () => {
    const webhookId = randomUUID();
    for (let ms = 1; ms <= 100; ms += 1) await deliver(webhookId, took(ms));
    await deliver(webhookId, { state: 'pending', nextAttemptAtMs: Date.now(), tries: 0 });
    await deliver(webhookId, { state: 'cancelled', tries: 0 });
    const failed = await deliver(webhookId, { state: 'failed', tries: 2, ...took(900, 500) });
    await world.run(`insert into attempt (delivery_id, number, started_at, duration_ms, status)
      values ('${deliveryId(failed, webhookId)}', 1, now(), 800, 500)`);
    const { items, isComplete, bucket } = await stats(`webhookId=${webhookId}`);
    expect({ isComplete, bucket }).toEqual({ isComplete: true, bucket: null });
    expect(items).toEqual([
      {
        deliveries: 103,
        delivered: 100,
        failed: 1,
        pending: 1,
        cancelled: 1,
        attempts: 102,
        successRate: 100 / 101,
        durationMs: { p50: 51, p95: 97, p99: 800, max: 900 },
      },
    ]);
  });

  it('are divided by webhook, event type and time', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    const first = await deliver(one, took(1), 'DIVIDED.A');
    await deliver(one, took(1), 'DIVIDED.B');
    await deliver(two, { state: 'failed', ...took(1, 500) }, 'DIVIDED.A');
    const ofA = await stats('eventType=DIVIDED.A&by=webhook');
    expect(
      ofA.items.toSorted((a, b) => Number(b.successRate) - Number(a.successRate)),
    ).toMatchObject([
      { webhookId: one, deliveries: 1, successRate: 1 },
      { webhookId: two, deliveries: 1, successRate: 0 },
    ]);
    const types = await stats(`webhookId=${one}&by=eventType`);
    expect(types.items).toMatchObject([{ eventType: 'DIVIDED.A' }, { eventType: 'DIVIDED.B' }]);
    const days = await stats(`webhookId=${one}&by=time&bucket=86400`);
    const day = `${timeOf(first).toISOString().slice(0, 10)}T00:00:00.000Z`;
    expect(days).toMatchObject({ bucket: 86_400, items: [{ at: day }] });
    const all = await stats(`webhookId=${one}&by=webhook,eventType,time`);
    expect(all.items).toHaveLength(2);
    expect(all.bucket).toBe(900);
  });

  it('are of the range that is asked for', async () => {
    const webhookId = randomUUID();
    const event = await deliver(webhookId, took(1));
    const at = timeOf(event).getTime();
    const count = async (from: number, to: number) =>
      (await stats(`webhookId=${webhookId}&from=${iso(from)}&to=${iso(to)}`)).items[0]?.deliveries;
    expect(await count(at, at + 1)).toBe(1);
    expect(await count(at - 1_000, at)).toBe(0);
    expect(await count(at + 1, at + 1_000)).toBe(0);
  });

  it('are of the webhooks that the asker may see', async () => {
    const mine = await world.make('own');
    const peer = await world.make('peer');
    const foreign = await world.make('foreign');
    const seen = async (token: string) =>
      (await stats('by=webhook', token)).items.map(({ webhookId }) => webhookId);
    const user = await seen(world.tokens.User);
    expect(user).toContain(mine.webhookId);
    expect(user).not.toContain(peer.webhookId);
    const admin = await seen(world.tokens.DomainAdmin);
    expect(admin).toEqual(expect.arrayContaining([mine.webhookId, peer.webhookId]));
    expect(admin).not.toContain(foreign.webhookId);
    const asked = await stats(`webhookId=${foreign.webhookId}`, world.tokens.User);
    expect(asked.items[0]?.deliveries).toBe(0);
  });

  it('tell of no events that the asker may not see, nor does the health of the webhook', async () => {
    const { webhookId } = await world.make('own');
    await world.run(`delete from delivery where webhook_id = '${webhookId}'`);
    await world.run(`update webhook set scope = 'Global' where id = '${webhookId}'`);
    await world.run(`insert into account (id, name, domain_id, kind, alias) values
      ('project', 'project', 'home', 'project', 'behind-it') on conflict do nothing`);
    const of = async (event: string, facts: Partial<Envelope>) =>
      deliver(webhookId, { ...took(1), state: 'failed' }, event, facts);
    await of('OWN', { account: 'own' });
    await of('OWN', { account: 'nobody', project: 'own', category: 'ActionEvent' });
    await of('PEER', { account: 'peer' });
    await of('PROJECT', { account: 'behind-it' });
    await of('FOREIGN', { account: 'foreign' });
    await of('NOBODY', {});
    await world.run(`update webhook set scope = 'Local' where id = '${webhookId}'`);
    const told = async (token: string) => {
      const { items } = await stats(`webhookId=${webhookId}&by=eventType`, token);
      const headers = { authorization: `Bearer ${token}` };
      const path = `/v1/webhooks/${webhookId}`;
      const { text } = await api.ask('GET', `${path}/health`, undefined, headers);
      const health = JSON.parse(text);
      for (const shown of [path, '/v1/webhooks?limit=500']) {
        const whole = (await api.ask('GET', shown, undefined, headers)).text;
        expect(whole).toContain(`"attempted":${health.attempted},"delivered":${health.delivered}`);
      }
      const byType = items.map(({ eventType, deliveries }) => `${eventType} ${deliveries}`);
      return { byType, attempted: health.attempted };
    };
    expect(await told(world.tokens.User)).toEqual({ byType: ['OWN 2'], attempted: 2 });
    expect(await told(world.tokens.DomainAdmin)).toEqual({
      byType: ['OWN 2', 'PEER 1', 'PROJECT 1'],
      attempted: 4,
    });
    const all = ['FOREIGN 1', 'NOBODY 1', 'OWN 2', 'PEER 1', 'PROJECT 1'];
    expect(await told(api.token)).toEqual({ byType: all, attempted: 6 });
  });

  it('say how far back they reach when there is more than is looked at', async () => {
    const webhookId = randomUUID();
    const events: string[] = [];
    for (let index = 0; index < 5; index += 1) events.push(await deliver(webhookId, took(1)));
    const now = Date.now();
    const { items, reachedFrom } = await readStats(api.store, everything, {
      from: new Date(now - 60_000),
      to: new Date(now + 1_000),
      by: [],
      bucketSeconds: 60,
      webhookId,
      rowsMax: 3,
      groupsMax: 10,
    });
    expect(items).toMatchObject([{ deliveries: 3 }]);
    expect(reachedFrom).toEqual(timeOf(events[2] ?? ''));
  });

  it.each([
    'from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z',
    'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
    'from=2026-01-01T00:00:00Z&to=2026-01-31T00:00:00Z&by=time&bucket=60',
    'by=week',
    'by=time,',
    'bucket=1',
    'webhookId=x',
  ])('refuse %s', async query => {
    expect((await api.ask('GET', `/v1/stats?${query}`)).body.code).toBe('request_invalid');
  });
});
