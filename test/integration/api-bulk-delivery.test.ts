import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { deliveryId, redeliveryId, timeOf } from '../../src/event/id.ts';
import { claimNow } from './record-harness.ts';
import { joinProcess, leaveProcess, renewLease } from '../../src/store/record/lease.ts';
import { databaseOf } from '../../src/store/database.ts';
import { insertOutcomes } from '../../src/store/delivery/outcome.ts';
import { insertRedelivery } from '../../src/store/delivery/redeliver.ts';
import type { Outcome } from '../../src/store/delivery/outcome.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { newId, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
let webhookId: string;
let processId: number;
let watermark: string;
/** Nobody has recorded anything before it. */
const from = '2026-01-01T00:00:00Z';

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

beforeEach(async () => {
  const { body } = await api.ask('POST', '/v1/webhooks', {
    name: 'w',
    scope: 'Global',
    payloadUrl: `http://r.example/${randomUUID()}`,
  });
  webhookId = body.id;
  watermark = newId();
  processId = await joinProcess(databaseOf(api.store), {
    host: 'test',
    pid: 1,
    ttlMs: 600_000,
    watermark,
  });
});

const run = async <T>(query: string): Promise<T[]> => api.store.em.fork().execute<T[]>(query);

/** Records an event owed to the webhook and one other. */
async function record(event = 'VM.START', other = randomUUID()): Promise<string> {
  const id = newId();
  await recordBatch(databaseOf(api.store), {
    processId,
    source: 's',
    quarantined: [],
    events: [{ id, envelope: { event, entityuuid: 'e-1' }, body: '{}', owed: [webhookId, other] }],
  });
  return id;
}

async function settle(eventId: string, state: Outcome['state']): Promise<string> {
  const attempt = { startedAt: new Date(), durationMs: 5, status: state === 'failed' ? 500 : 200 };
  const due = state === 'pending' ? { tries: 0, nextAttemptAtMs: Date.now() } : { attempt };
  await insertOutcomes(databaseOf(api.store), [{ eventId, webhookId, state, tries: 1, ...due }]);
  return deliveryId(eventId, webhookId);
}

async function again(eventId: string, state: string): Promise<string> {
  const id = redeliveryId(eventId, randomUUID().replaceAll('-', ''));
  await insertRedelivery(databaseOf(api.store), { id, eventId, webhookId });
  await run(`update delivery set state = '${state}' where id = '${id}'`);
  return id;
}

const redeliver = async (body: object) =>
  JSON.parse((await api.ask('POST', `/v1/webhooks/${webhookId}/redeliver`, body)).text);
const redelivered = async () =>
  run<{ id: string; event_id: string; state: string }>(
    `select id, event_id, state from delivery where webhook_id = '${webhookId}' and kind = 'redelivery'
      and state = 'pending' order by id`,
  );

describe('a bulk redelivery', () => {
  it('makes one more delivery of each event that failed, and of nothing that has been delivered since', async () => {
    const events: string[] = [];
    for (let index = 0; index < 5; index += 1) events.push(await record());
    const [failed = '', twice = '', recovered = '', waiting = '', delivered = ''] = events;
    await settle(failed, 'failed');
    await settle(twice, 'failed');
    await again(twice, 'failed');
    await settle(recovered, 'failed');
    await again(recovered, 'delivered');
    await settle(waiting, 'failed');
    const due = await again(waiting, 'pending');
    await settle(delivered, 'delivered');

    const dry = await redeliver({ from, dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, count: 2, nextCursor: null });
    expect(dry.samples.map(({ eventId }: { eventId: string }) => eventId)).toEqual([failed, twice]);
    expect((await redelivered()).map(({ id }) => id)).toEqual([due]);

    expect(await redeliver({ from })).toEqual({ dryRun: false, count: 2, nextCursor: null });
    const made = (await redelivered()).filter(({ id }) => id !== due);
    expect(made.map(({ event_id: eventId }) => eventId)).toEqual([failed, twice]);
    for (const { id, event_id: eventId } of made) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(timeOf(id)).toEqual(timeOf(eventId));
    }
    // What waits now is not made twice by asking twice.
    expect((await redeliver({ from })).count).toBe(0);
    const claimed = await claimNow(api.store, processId, [{ webhookId, room: 10 }]);
    expect(claimed.filter(({ kind }) => kind === 'redelivery')).toHaveLength(3);
  });

  it('takes the state, the type and the span it is told', async () => {
    const delivered = await record('VM.STOP');
    await settle(delivered, 'delivered');
    await settle(await record('VM.START'), 'delivered');
    const after = new Date(timeOf(delivered).getTime() + 60_000).toISOString();
    expect(await redeliver({ from })).toMatchObject({ count: 0 });
    expect(await redeliver({ from: after, state: 'delivered' })).toMatchObject({ count: 0 });
    expect(await redeliver({ from, to: from, state: 'delivered' })).toMatchObject({ count: 0 });
    const stop = { from, state: 'delivered', eventType: 'VM.STOP' };
    expect(await redeliver(stop)).toMatchObject({ count: 1 });
    expect((await redelivered()).map(({ event_id: eventId }) => eventId)).toEqual([delivered]);
  });

  it('goes on where it stopped, when there is more than one request may look at', async () => {
    const event = await record();
    // 20,500 failed deliveries of as many events, a millisecond apart.
    await run(`with made as (
        insert into event (id, process_id, source, event, body, owed)
        select (substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || substr('${event}', 14))::uuid,
          ${processId}, 's', 'VM.START', '{}', '{}'
        from (select lpad(to_hex(${timeOf(event).getTime()} + n), 12, '0') as ms from generate_series(1, 20500) n) t
        returning id)
      insert into delivery (id, event_id, webhook_id, kind, state, tries, created_at, finished_at)
      select overlay(overlay(gen_random_uuid()::text placing left(id::text, 14) || '8' from 1) placing '8' from 20)::uuid,
        id, '${webhookId}', 'event', 'failed', 1, now(), now() from made`);
    await run('analyze delivery');
    const first = await redeliver({ from });
    expect(first.nextCursor).not.toBeNull();
    const second = await redeliver({ from, cursor: first.nextCursor });
    expect(second.nextCursor).toBeNull();
    expect(first.count).toBeGreaterThan(10_000);
    const events = new Set((await redelivered()).map(({ event_id: eventId }) => eventId));
    expect(events.size).toBe(20_500);
    expect(first.count + second.count).toBe(20_500);
  });

  it.each([
    [{}, 'request_invalid'],
    [{ from, state: 'pending' }, 'request_invalid'],
    [{ from: 'yesterday' }, 'request_invalid'],
    [{ from, cursor: 'x' }, 'cursor_invalid'],
  ])('refuses %j', async (body, code) => {
    expect(await redeliver(body)).toMatchObject({ status: 400, code });
  });
});

const remaining = async () =>
  (
    await run<{ id: string }>(
      `select id from delivery where webhook_id = '${webhookId}' order by id`,
    )
  ).map(({ id }) => id);

describe('deleting a delivery', () => {
  it('takes its attempts along', async () => {
    const id = await settle(await record(), 'failed');
    await run(
      `insert into attempt (delivery_id, number, started_at, duration_ms) values ('${id}', 1, now(), 1)`,
    );
    expect((await api.ask('DELETE', `/v1/deliveries/${id}`)).status).toBe(204);
    expect((await api.ask('GET', `/v1/deliveries/${id}`)).status).toBe(404);
    expect(await run(`select from attempt where delivery_id = '${id}'`)).toEqual([]);
    expect((await api.ask('DELETE', `/v1/deliveries/${id}`)).body.code).toBe('not_found');
  });

  it('is refused while it is being made', async () => {
    const id = await settle(await record(), 'pending');
    await claimNow(api.store, processId, [{ webhookId, room: 1 }]);
    const { body } = await api.ask('DELETE', `/v1/deliveries/${id}`);
    expect(body).toMatchObject({ status: 409, code: 'delivery_in_flight' });
    expect(await remaining()).toEqual([id]);
  });

  it.each(['delivered', 'pending'] as const)(
    'that is %s does not make it owed again when its process dies right after',
    async state => {
      const other = randomUUID();
      const event = await record('VM.START', other);
      const id = await settle(event, state);
      expect((await api.ask('DELETE', `/v1/deliveries/${id}`)).status).toBe(204);
      const gone = await leaveProcess(api.store, processId);
      // The other webhook's is owed, and written as due.
      expect(gone).toMatchObject({ missing: 1 });
      expect(await remaining()).toEqual([]);
    },
  );

  it('leaves events below the watermark as they are', async () => {
    const event = await record();
    const id = await settle(event, 'failed');
    await renewLease(databaseOf(api.store), { id: processId, ttlMs: 600_000, watermark: newId() });
    await api.ask('DELETE', `/v1/deliveries/${id}`);
    const [row] = await run<{ owed: string[] }>(`select owed from event where id = '${event}'`);
    expect(row?.owed).toContain(webhookId);
  });

  it('and being taken over at the same moment never leave it to be made again', async () => {
    for (let round = 0; round < 10; round += 1) {
      const ids: string[] = [];
      for (let index = 0; index < 5; index += 1) ids.push(await settle(await record(), 'failed'));
      const [answers] = await Promise.all([
        Promise.all(ids.map(id => api.ask('DELETE', `/v1/deliveries/${id}`))),
        leaveProcess(api.store, processId),
      ]);
      expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 204));
      // Skipped while a deletion held the process's row; then it leaves now.
      await leaveProcess(api.store, processId);
      expect(await remaining()).toEqual([]);
      const lease = { host: 'test', pid: 1, ttlMs: 600_000, watermark: newId() };
      processId = await joinProcess(databaseOf(api.store), lease);
    }
  });
});

describe('deleting deliveries', () => {
  it("deletes a webhook's, but for those being made, and nobody else's", async () => {
    const mine = webhookId;
    const flying = await settle(await record(), 'pending');
    await claimNow(api.store, processId, [{ webhookId, room: 1 }]);
    await settle(await record(), 'failed');
    await settle(await record(), 'delivered');
    await settle(await record(), 'pending');
    webhookId = randomUUID();
    const theirs = await settle(await record(), 'failed');
    const { body } = await api.ask('DELETE', `/v1/deliveries?webhookId=${mine}`);
    expect(body).toEqual({ count: 3, nextCursor: null });
    expect(await remaining()).toEqual([theirs]);
    webhookId = mine;
    expect(await remaining()).toEqual([flying]);
    const audit = await api.ask('GET', `/v1/audit?objectId=${mine}&action=deliveries.deleted`);
    expect(audit.body.items).toMatchObject([{ after: { count: 3 } }]);
  });

  it('of some state, type and span deletes those alone', async () => {
    const early = await record('VM.STOP');
    const id = await settle(early, 'failed');
    const kept = [await settle(await record('VM.START'), 'failed')];
    kept.push(await settle(await record('VM.STOP'), 'delivered'));
    const to = new Date(timeOf(early).getTime() + 60_000).toISOString();
    const path = `/v1/deliveries?webhookId=${webhookId}&state=failed&eventType=VM.STOP`;
    const asked = async (more: string) => (await api.ask('DELETE', `${path}${more}`)).body;
    expect(await asked(`&from=${to}`)).toMatchObject({ count: 0 });
    expect(await asked(`&from=${from}&to=${to}`)).toMatchObject({ count: 1 });
    expect(await remaining()).toEqual(kept);
    expect(kept).not.toContain(id);
  });

  it('of a webhook that was deleted is for the operator', async () => {
    await settle(await record(), 'failed');
    await api.ask('DELETE', `/v1/webhooks/${webhookId}`);
    const { body } = await api.ask('DELETE', `/v1/deliveries?webhookId=${webhookId}`);
    expect(body).toEqual({ count: 1, nextCursor: null });
  });

  it.each([
    '',
    '?state=failed',
    '?webhookId=x',
    '?webhookId=00000000-0000-4000-8000-000000000000&state=delivering',
  ])('refuses %o', async query => {
    expect((await api.ask('DELETE', `/v1/deliveries${query}`)).body.code).toBe('request_invalid');
  });
});
