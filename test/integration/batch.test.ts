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

  it('that is larger than allowed goes as several, none of them above the limit, a larger event alone', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const webhookId = await harness.webhook(receiver.url, {
      format: 'envelope',
      batch: { ...lone, bytesMax: 10_000, waitMs: 300 },
    });
    const ids = await owe(harness, webhookId, 60);
    const large = await harness.owe(webhookId, undefined, { description: 'x'.repeat(20_000) });
    await harness.start();
    await waitUntil('all to be delivered', async () =>
      (await findStates(harness)).every(state => state === 'delivered'),
    );
    const groups = receiver.requests.map(({ body }) => idsIn(body.toString()));
    expect(groups.flat().toSorted()).toEqual([...ids, large].toSorted());
    expect(
      receiver.requests.map(({ body }) => body.length).filter(size => size > 10_000),
    ).toHaveLength(1);
    expect(groups).toContainEqual([large]);
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

/** The events in a request, in whatever shape. */
const idsOf = ({ body, headers }: ReceivedRequest): readonly string[] => {
  const text = body.toString();
  if (headers['content-type'] !== 'application/x-ndjson') return idsIn(text);
  return idsIn(`[${text.trimEnd().split('\n').join()}]`);
};

const isRefused = ({ body }: ReceivedRequest): boolean => body.length > 10_000;

interface Ended {
  readonly event_id: string;
  readonly state: string;
  readonly tries: number;
  readonly status: number | null;
  readonly response_body: string | null;
}

async function findEnded({ records }: DispatchHarness): Promise<readonly Ended[]> {
  return waitUntil('all to have ended', async () => {
    const rows = await records.rows<Ended>(
      'select event_id, state, tries, status, response_body from delivery order by event_id',
    );
    return rows.every(({ state }) => state === 'delivered' || state === 'failed') && rows;
  });
}

describe('a batch that its receiver refuses', () => {
  it.each(['array', 'ndjson'] as const)(
    'for its size, as %s, is delivered in halves at once, and none so large follows',
    async as => {
      await using harness = await openDispatchHarness();
      await using receiver = await startReceiver();
      receiver.answerWith(request => ({ status: isRefused(request) ? 413 : 200 }));
      const batch = { ...lone, eventsMax: 100, waitMs: 200, as };
      const webhookId = await harness.webhook(receiver.url, {
        format: 'envelope',
        batch,
        tries: 1,
      });
      const body = `{"event":"VM.START","padding":"${'x'.repeat(300)}"}`;
      const pad = { description: 'x'.repeat(300) };
      for (let at = 0; at < 100; at += 1) await harness.owe(webhookId, body, pad);
      await harness.start();
      for (const one of await findEnded(harness)) {
        expect(one).toMatchObject({ state: 'delivered', tries: 1, status: 200 });
      }
      const refused = receiver.requests.filter(isRefused);
      expect(refused.length).toBeGreaterThanOrEqual(1);
      const taken = receiver.requests.filter(one => !isRefused(one)).flatMap(idsOf);
      expect(taken).toHaveLength(100);
      expect(new Set(taken).size).toBe(100);
      receiver.clear();
      for (let at = 0; at < 40; at += 1) await harness.owe(webhookId, body, pad);
      await waitUntil('the others', () => receiver.requests.flatMap(idsOf).length >= 40);
      expect(receiver.requests.filter(isRefused)).toEqual([]);
    },
  );

  it.each([
    [400, 'array', 3],
    [422, 'ndjson', 1],
    [403, 'array', 2],
  ] as const)(
    'with %i for one event of it, as %s, on try %i, delivers all the others',
    async (status, as, tries) => {
      await using harness = await openDispatchHarness();
      await using receiver = await startReceiver();
      const webhookId = await harness.webhook(receiver.url, {
        format: 'envelope',
        batch: { ...lone, eventsMax: 100, waitMs: 200, as },
        tries,
      });
      const ids = await owe(harness, webhookId, 100);
      const guilty = ids[37] ?? '';
      receiver.answerWith(request =>
        idsOf(request).includes(guilty) ? { status, body: `no ${guilty}` } : {},
      );
      await harness.start();
      const rows = await findEnded(harness);
      expect(rows.filter(({ state }) => state === 'failed')).toEqual([
        { event_id: guilty, state: 'failed', tries, status, response_body: `no ${guilty}` },
      ]);
      const taken = receiver.requests.map(idsOf).filter(group => !group.includes(guilty));
      expect(taken.flat().toSorted()).toEqual(ids.filter(id => id !== guilty));
      const held = receiver.requests.map(idsOf).filter(group => group.includes(guilty));
      expect(held.at(-1)).toEqual([guilty]);
      for (const one of rows.filter(({ event_id: id }) => id !== guilty)) {
        expect(one).toMatchObject({ state: 'delivered', status: 200 });
        expect(one.tries).toBeLessThanOrEqual(tries);
      }
    },
  );

  it('with each of its events fails with all of them, in less than two requests an event', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 400, body: 'never' });
    const batch = { ...lone, eventsMax: 100, waitMs: 200 };
    const webhookId = await harness.webhook(receiver.url, { format: 'envelope', batch, tries: 1 });
    await owe(harness, webhookId, 30);
    await harness.start();
    for (const one of await findEnded(harness)) {
      expect(one).toMatchObject({ state: 'failed', tries: 1, status: 400, response_body: 'never' });
    }
    expect(receiver.total()).toBeLessThan(60);
  });

  it('keeps the order and the limits of its webhook while it is halved', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    let running = 0;
    let most = 0;
    receiver.answerWith(request => {
      running += 1;
      most = Math.max(most, running);
      setTimeout(() => (running -= 1), 20);
      return { status: idsOf(request).length > 4 ? 413 : 200, delayMs: 20 };
    });
    const batch = { ...lone, eventsMax: 100, waitMs: 200 };
    const webhookId = await harness.webhook(receiver.url, { format: 'envelope', batch });
    await harness.records.rows(`update webhook set concurrency_max = 1 where id = '${webhookId}'`);
    const ids = await owe(harness, webhookId, 32);
    await harness.start();
    await findEnded(harness);
    const taken = receiver.requests.map(idsOf).filter(group => group.length <= 4);
    expect(taken.flat()).toEqual(ids);
    expect(most).toBe(1);
  });

  it('and whose process stops while it is halved is delivered by the next one', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const webhookId = await harness.webhook(receiver.url, {
      format: 'envelope',
      batch: { ...lone, eventsMax: 100, waitMs: 200 },
      ratePerSecondMax: 5,
      tries: 1,
    });
    const ids = await owe(harness, webhookId, 40);
    const guilty = ids[11] ?? '';
    receiver.answerWith(request => ({ status: idsOf(request).includes(guilty) ? 400 : 200 }));
    const first = await harness.start();
    await receiver.waitFor(2);
    await first.stop();
    const [row] = await harness.records.rows<{ waiting: number }>(
      "select count(*)::int as waiting from delivery where state = 'pending' and tries = 0",
    );
    expect(row?.waiting).toBeGreaterThan(0);
    await harness.records.rows(`update webhook set rate_per_second_max = null`);
    await harness.start();
    const rows = await findEnded(harness);
    expect(rows.filter(({ state }) => state === 'failed').map(one => one.event_id)).toEqual([
      guilty,
    ]);
    const taken = receiver.requests.map(idsOf).filter(group => !group.includes(guilty));
    expect(taken.flat().toSorted()).toEqual(ids.filter(id => id !== guilty));
  });
});
