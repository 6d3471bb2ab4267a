import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { deliveryId, timeOf } from '../../src/event/id.ts';
import { databaseOf } from '../../src/store/database.ts';
import { insertOutcomes } from '../../src/store/delivery/outcome.ts';
import type { Outcome } from '../../src/store/delivery/outcome.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { joinProcess } from '../../src/store/record/lease.ts';
import { newId, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
let webhookId: string;
let processId: number;

beforeAll(async () => {
  api = await startApi();
  const { body } = await api.ask('POST', '/v1/webhooks', {
    name: 'w',
    payloadUrl: 'http://r.example',
  });
  webhookId = body.id;
  const lease = { host: 'test', pid: 1, ttlMs: 600_000, watermark: newId() };
  processId = await joinProcess(databaseOf(api.store), lease);
});
afterAll(() => api[Symbol.asyncDispose]());

interface Recorded {
  readonly event?: string;
  readonly entityuuid?: string;
  readonly account?: string;
  readonly source?: string;
}

/** Records events, one for each description. @returns their ids, oldest first. */
async function record(...described: Recorded[]): Promise<string[]> {
  const ids: string[] = [];
  for (const { event = 'VM.START', source = 'rabbitmq', ...facts } of described) {
    const id = newId();
    ids.push(id);
    await recordBatch(databaseOf(api.store), {
      processId,
      source,
      quarantined: [],
      events: [
        {
          id,
          envelope: {
            category: 'ActionEvent',
            event,
            status: 'Completed',
            eventDateTime: '2026-11-21T10:00:00.000Z',
            source: 'management-server',
            ...facts,
          },
          body: `{"event":"${event}"}`,
          owed: [webhookId],
        },
      ],
    });
  }
  return ids;
}

async function deliver(eventId: string, outcome: Partial<Outcome> = {}): Promise<string> {
  const attempt = {
    startedAt: new Date('2026-11-21T10:00:01.250Z'),
    durationMs: 12,
    status: 200,
    responseBody: 'ok',
  };
  await insertOutcomes(databaseOf(api.store), [
    { eventId, webhookId, state: 'delivered', tries: 1, attempt, ...outcome },
  ]);
  return deliveryId(eventId, webhookId);
}

async function listAll(path: string, query: string): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const more: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { body } = await api.ask('GET', `${path}?limit=2&${query}${more}`);
    seen.push(...body.items.map(({ id }) => id));
    cursor = body.nextCursor;
  } while (cursor !== null);
  return seen;
}

describe('events', () => {
  it('are shown as recorded: facts that are not there are absent, the body as it was', async () => {
    const [id = ''] = await record({ event: 'VM.STOP', entityuuid: 'e-1' });
    expect((await api.ask('GET', `/v1/events/${id}`)).body).toEqual({
      id,
      recordedAt: timeOf(id).toISOString(),
      sourceName: 'rabbitmq',
      category: 'ActionEvent',
      event: 'VM.STOP',
      entityuuid: 'e-1',
      status: 'Completed',
      eventDateTime: '2026-11-21T10:00:00.000Z',
      source: 'management-server',
      body: '{"event":"VM.STOP"}',
      owed: [webhookId],
    });
  });

  it('are listed newest first, in pages that meet without a gap', async () => {
    const ids = await record(...Array.from({ length: 5 }, () => ({ source: 'paged' })));
    expect(await listAll('/v1/events', 'source=paged')).toEqual(ids.toReversed());
  });

  it.each([
    ['eventType=RARE.ONE', { event: 'RARE.ONE' }],
    ['entityUuid=rare-entity', { entityuuid: 'rare-entity' }],
    ['account=rare-account', { account: 'rare-account' }],
    ['source=rare-source', { source: 'rare-source' }],
  ])('are found by %s', async (query, facts) => {
    const [id] = await record(facts, {});
    expect(await listAll('/v1/events', query)).toEqual([id]);
  });

  it('are found by when they were recorded', async () => {
    const [before = ''] = await record({ source: 'timed' });
    const from = new Date(timeOf(before).getTime() + 60_000).toISOString();
    expect(await listAll('/v1/events', `source=timed&to=${from}`)).toEqual([before]);
    expect(await listAll('/v1/events', `source=timed&from=${from}`)).toEqual([]);
  });

  it('that are not there are 404, and what is no id or instant is refused', async () => {
    expect((await api.ask('GET', `/v1/events/${newId()}`)).body.code).toBe('not_found');
    expect((await api.ask('GET', '/v1/events/42')).body.code).toBe('request_invalid');
    expect((await api.ask('GET', '/v1/events?from=yesterday')).body.code).toBe('request_invalid');
  });
});

describe('deliveries', () => {
  it('are shown with what was sent and what came of it', async () => {
    const [eventId = ''] = await record({ event: 'VM.REBOOT', entityuuid: 'e-2', account: 'a-1' });
    const id = await deliver(eventId);
    const { body } = await api.ask('GET', `/v1/deliveries/${id}`);
    expect(body).toEqual({
      id,
      eventId,
      eventType: 'VM.REBOOT',
      entityUuid: 'e-2',
      webhookId,
      kind: 'event',
      state: 'delivered',
      tries: 1,
      nextAttemptAt: null,
      createdAt: timeOf(eventId).toISOString(),
      finishedAt: '2026-11-21T10:00:01.262Z',
      attempts: [
        {
          number: 1,
          startedAt: '2026-11-21T10:00:01.250Z',
          durationMs: 12,
          status: 200,
          responseBody: 'ok',
        },
      ],
      requestHeaders: {
        'X-CS-Event-ID': eventId,
        'X-CS-Event': 'VM.REBOOT',
        'User-Agent': 'CS-Hookshot/a-1',
        'Content-Type': 'application/json',
        'webhook-id': eventId,
        'webhook-timestamp': '1795255201',
      },
      requestBody: '{"event":"VM.REBOOT"}',
    });
  });

  it('tell of every attempt, the ones before the last included', async () => {
    const [eventId = ''] = await record({});
    const id = await deliver(eventId, { state: 'failed', tries: 2 });
    await api.store.em.fork().execute(
      `insert into attempt (delivery_id, number, started_at, duration_ms, error)
       values (?, 1, '2026-11-21T09:00:00Z', 3, 'connect ECONNREFUSED 127.0.0.1:9')`,
      [id],
    );
    const { body } = await api.ask('GET', `/v1/deliveries/${id}`);
    expect(body).toMatchObject({
      state: 'failed',
      attempts: [
        { number: 1, durationMs: 3, error: 'connect ECONNREFUSED 127.0.0.1:9' },
        { number: 2, status: 200 },
      ],
    });
  });

  it('are found by webhook, event, state, event type, entity and time', async () => {
    const [eventId = '', other = ''] = await record(
      { event: 'ODD.ONE', entityuuid: 'odd' },
      { event: 'ODD.TWO' },
    );
    const id = await deliver(eventId, { state: 'cancelled' });
    await deliver(other);
    const at = timeOf(eventId).toISOString();
    for (const query of [
      `eventId=${eventId}`,
      'state=cancelled',
      'eventType=ODD.ONE',
      'entityUuid=odd',
    ]) {
      expect(await listAll('/v1/deliveries', `webhookId=${webhookId}&${query}`)).toEqual([id]);
    }
    expect(await listAll('/v1/deliveries', `state=cancelled&from=${at}`)).toEqual([id]);
    expect(await listAll('/v1/deliveries', `webhookId=${newId()}`)).toEqual([]);
  });

  it('are listed newest first, in pages that meet without a gap', async () => {
    const ids = await record(...Array.from({ length: 5 }, () => ({ event: 'PAGED' })));
    for (const id of ids) await deliver(id);
    const expected = ids.map(id => deliveryId(id, webhookId)).toSorted((a, b) => (a < b ? 1 : -1));
    expect(await listAll('/v1/deliveries', 'eventType=PAGED')).toEqual(expected);
  });

  it('are made of any event that the webhook may see, with or without one before', async () => {
    const account = (await api.ask('GET', `/v1/webhooks/${webhookId}`)).body.accountId;
    const [eventId = ''] = await record({ event: 'NEVER.OWED', account });
    const ask = async (body: object) => api.ask('POST', `/v1/events/${eventId}/deliver`, body);
    const made = await ask({ webhookId });
    expect(made.status).toBe(202);
    expect(made.headers['location']).toBe(`/v1/deliveries/${made.body.id}`);
    expect(made.body).toMatchObject({ eventId, webhookId, kind: 'redelivery', state: 'pending' });
    expect(await listAll('/v1/deliveries', `eventId=${eventId}`)).toEqual([made.body.id]);
    const filter = { mode: 'Exclude', matchType: 'Prefix', value: 'NEVER.' };
    const { body: added } = await api.ask('POST', `/v1/webhooks/${webhookId}/filters`, filter);
    expect((await ask({ webhookId })).body).toMatchObject({
      status: 409,
      code: 'event_not_wanted',
      detail: expect.stringContaining('excluded by the filter Prefix "NEVER."'),
    });
    expect((await ask({ webhookId, ignoreFilters: true })).status).toBe(202);
    await api.ask('DELETE', `/v1/webhooks/${webhookId}/filters/${added.id}`);
    expect(await listAll('/v1/deliveries', `eventId=${eventId}`)).toHaveLength(2);
    expect((await ask({ webhookId: newId() })).body.code).toBe('not_found');
    const nowhere = await api.ask('POST', `/v1/events/${newId()}/deliver`, { webhookId });
    expect(nowhere.body.code).toBe('not_found');
  });

  it.each([
    ['concerns nobody', {}],
    ['belongs to an account that is unknown', { account: 'stranger' }],
    ['is about the webhook itself', { itself: true }],
  ])('are not made of an event that %s, whatever is to be ignored', async (_which, facts) => {
    const { itself, ...named } = { itself: false, ...facts };
    const own = { account: (await api.ask('GET', `/v1/webhooks/${webhookId}`)).body.accountId };
    const about = { category: 'HooklineEvent', entity: 'Webhook', entityuuid: webhookId, ...own };
    const [eventId = ''] = await record({ event: 'OUT', ...named, ...(itself && about) });
    const choice = { webhookId, ignoreFilters: true };
    const { body } = await api.ask('POST', `/v1/events/${eventId}/deliver`, choice);
    expect(body).toMatchObject({ status: 409, code: 'event_out_of_scope' });
    expect(await listAll('/v1/deliveries', `eventId=${eventId}`)).toEqual([]);
  });

  it('are made for a paused webhook, which waits, and for no disabled one', async () => {
    const { body: hook } = await api.ask('POST', '/v1/webhooks', {
      name: 'still',
      payloadUrl: 'http://still.example',
      scope: 'Global',
    });
    const [eventId = ''] = await record({});
    await deliver(eventId, { webhookId: hook.id, state: 'failed' });
    const bulk = { from: '2020-01-01T00:00:00Z' };
    const requests = [
      [`/v1/deliveries/${deliveryId(eventId, hook.id)}/redeliver`],
      [`/v1/events/${eventId}/deliver`, { webhookId: hook.id }],
      [`/v1/webhooks/${hook.id}/redeliver`, { ...bulk, dryRun: true }],
      [`/v1/webhooks/${hook.id}/redeliver`, bulk],
    ] as const;
    await api.ask('PATCH', `/v1/webhooks/${hook.id}`, { state: 'Disabled' });
    for (const [path, body] of requests) {
      const refused = await api.ask('POST', path, body);
      expect(refused.body).toMatchObject({ status: 409, code: 'webhook_disabled' });
    }
    expect(await listAll('/v1/deliveries', `webhookId=${hook.id}&state=pending`)).toEqual([]);
    await api.ask('PATCH', `/v1/webhooks/${hook.id}`, { state: 'Paused' });
    for (const [path, body] of requests.slice(0, 2)) {
      const { body: made } = await api.ask('POST', path, body);
      expect(made).toMatchObject({ kind: 'redelivery', state: 'pending' });
    }
    await api.ask('DELETE', `/v1/webhooks/${hook.id}`);
  });

  it('are delivered once more on demand, as a delivery of its own that is due at once', async () => {
    const [eventId = ''] = await record({});
    const id = await deliver(eventId);
    await api.ask('PATCH', `/v1/webhooks/${webhookId}`, { scope: 'Global' });
    const { status, body, headers } = await api.ask('POST', `/v1/deliveries/${id}/redeliver`);
    expect(status).toBe(202);
    expect(headers['location']).toBe(`/v1/deliveries/${body.id}`);
    expect(body).toMatchObject({
      eventId,
      webhookId,
      kind: 'redelivery',
      state: 'pending',
      tries: 0,
      attempts: [],
    });
    expect(body.id).not.toBe(id);
    expect((await api.ask('GET', `/v1/deliveries/${id}`)).body).toMatchObject({
      state: 'delivered',
    });
  });

  it('of a webhook that is gone stay readable, and are not delivered again', async () => {
    const { body: gone } = await api.ask('POST', '/v1/webhooks', {
      name: 'g',
      payloadUrl: 'http://gone.example',
    });
    const [eventId = ''] = await record({});
    await deliver(eventId, { webhookId: gone.id });
    const id = deliveryId(eventId, gone.id);
    await api.ask('DELETE', `/v1/webhooks/${gone.id}`);
    expect((await api.ask('GET', `/v1/deliveries/${id}`)).status).toBe(200);
    expect((await api.ask('POST', `/v1/deliveries/${id}/redeliver`)).body.code).toBe(
      'webhook_deleted',
    );
  });

  it('that are not there are 404', async () => {
    expect((await api.ask('GET', `/v1/deliveries/${newId()}`)).body.code).toBe('not_found');
    expect((await api.ask('POST', `/v1/deliveries/${newId()}/redeliver`)).body.code).toBe(
      'not_found',
    );
  });
});

describe('what is rare', () => {
  it('is found behind many thousands of others, over pages that each look at a stretch', async () => {
    const [rare = ''] = await record({ event: 'RARE.DEEP' });
    const total = 21_000;
    const ids = Array.from({ length: total }, () => newId());
    await api.store.em.fork().execute(
      `insert into event (id, process_id, source, event, body, owed)
       select id::uuid, 0, 'bulk', 'COMMON', '{}', '{}' from unnest(string_to_array(?, ',')) as bulk(id)`,
      [ids.join(',')],
    );
    let cursor: string | null = null;
    const pages: number[] = [];
    const seen: string[] = [];
    do {
      const more: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { body } = await api.ask('GET', `/v1/events?eventType=RARE.DEEP${more}`);
      seen.push(...body.items.map(({ id }) => id));
      pages.push(body.items.length);
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual([rare]);
    expect(pages).toEqual([0, 0, 1]);
  });
});

describe('the quarantine', () => {
  it('shows what could not be understood with its bytes, and deletes it', async () => {
    const id = newId();
    const body = Buffer.from([0xff, 0x00, 0x7b]);
    await recordBatch(databaseOf(api.store), {
      processId,
      source: 'kafka',
      events: [],
      quarantined: [
        { id, position: 'cloudstack/0/42', reason: 'not UTF-8', body },
        { id: newId(), position: 'cloudstack/0/43', reason: 'a tombstone', body: null },
      ],
    });
    const list = await api.ask('GET', '/v1/quarantine?source=kafka');
    expect(list.body.items).toMatchObject([
      { bodyBytes: null },
      { bodyBytes: 3, reason: 'not UTF-8' },
    ]);
    expect(await listAll('/v1/quarantine', 'source=kafka')).toHaveLength(2);
    const { body: shown } = await api.ask('GET', `/v1/quarantine/${id}`);
    expect(shown).toMatchObject({
      id,
      source: 'kafka',
      position: 'cloudstack/0/42',
      body: body.toString('base64'),
    });
    expect((await api.ask('DELETE', `/v1/quarantine/${id}`)).status).toBe(204);
    expect((await api.ask('GET', `/v1/quarantine/${id}`)).body.code).toBe('not_found');
    expect((await api.ask('DELETE', `/v1/quarantine/${id}`)).body.code).toBe('not_found');
  });
});
