/** A webhook that wants several events a request gets them so, each recorded as a delivery of its own. */
import { createHmac } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { startReceiver, type ReceivedRequest } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openDispatchHarness, type DispatchHarness } from './dispatch-harness.ts';

const lone = { eventsMax: 500, waitMs: 0, as: 'array', gzip: false };

async function owe(
  harness: DispatchHarness,
  webhookId: string,
  count: number,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) ids.push(await harness.owe(webhookId));
  return ids;
}

async function findStates({ records }: DispatchHarness): Promise<readonly string[]> {
  const rows = await records.rows<{ state: string }>(
    'select state from delivery order by event_id',
  );
  return rows.map(({ state }) => state);
}

const idsIn = (text: string): readonly string[] =>
  JSON.parse(text).map((event: { id: string }) => event.id);

/** Over what the receiver has once its server has unpacked the body. */
function isSigned({ headers }: ReceivedRequest, secret: string, text: string): boolean {
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${text}`;
  const signature = createHmac('sha256', secret).update(signed).digest('base64');
  return headers['webhook-signature'] === `v1,${signature}`;
}

describe('a batch', () => {
  it('goes when it is full, as an array, signed as a whole', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const webhookId = await harness.webhook(receiver.url, {
      format: 'envelope',
      batch: { ...lone, eventsMax: 10, waitMs: 10_000 },
      secret: 'hush-hush',
    });
    const ids = await owe(harness, webhookId, 30);
    await harness.start();
    const requests = await receiver.waitFor(3);
    expect(requests.flatMap(({ body }) => idsIn(body.toString())).toSorted()).toEqual(ids);
    for (const request of requests) {
      expect(idsIn(request.body.toString())).toHaveLength(10);
      expect(request.headers['content-type']).toBe('application/json');
      expect(isSigned(request, 'hush-hush', request.body.toString())).toBe(true);
    }
    await waitUntil('all to be delivered', async () =>
      (await findStates(harness)).every(state => state === 'delivered'),
    );
    expect(await harness.records.count('delivery')).toBe(30);
  });

  it('goes when its oldest has waited long enough, as lines, compressed', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const webhookId = await harness.webhook(receiver.url, {
      format: 'envelope',
      batch: { eventsMax: 500, waitMs: 300, as: 'ndjson', gzip: true },
      secret: 'hush-hush',
    });
    const ids = await owe(harness, webhookId, 3);
    await harness.start();
    const [request] = await receiver.waitFor(1);
    if (!request) throw new RangeError('a request was waited for');
    const text = gunzipSync(request.body).toString();
    const lines = text.split('\n');
    expect(lines.pop()).toBe('');
    expect(idsIn(`[${lines.join()}]`).toSorted()).toEqual(ids);
    expect(request.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
    });
    expect(isSigned(request, 'hush-hush', text)).toBe(true);
  });

  it('that fails is tried again, event by event up to its own tries', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 500 });
    const webhookId = await harness.webhook(receiver.url, {
      format: 'envelope',
      batch: { ...lone, waitMs: 100 },
      tries: 2,
    });
    const ids = await owe(harness, webhookId, 5);
    await harness.start();
    await waitUntil('all to have failed', async () =>
      (await findStates(harness)).every(state => state === 'failed'),
    );
    const seen = receiver.requests.flatMap(({ body }) => idsIn(body.toString()));
    expect(seen.toSorted()).toEqual(ids.flatMap(id => [id, id]));
  });

  it('of a format with one event a request is not sent, and says why', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const webhookId = await harness.webhook(receiver.url, { batch: lone });
    const [eventId = ''] = await owe(harness, webhookId, 1);
    await harness.start();
    await waitUntil('the reason', async () =>
      (await harness.delivery(eventId)).error?.includes('one event a request'),
    );
    expect(receiver.total()).toBe(0);
  });
});
