import { createServer } from 'node:net';

import { describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';

import { makeCertificate } from '../service/certificate.ts';
import { hasValidSignature, startReceiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { account, openDispatchHarness, type DispatchHarness } from './dispatch-harness.ts';

describe('a delivery', () => {
  it('arrives byte for byte, with CloudStack’s headers and both signatures', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const webhookId = await harness.webhook(`${receiver.url}hook?x=1`, {
      secret: 'webhook-secret',
    });
    await harness.start();
    const body = '{"description":"a \\u003d b","ü":"€"}';
    const eventId = await harness.owe(webhookId, body);
    const [request] = await receiver.waitFor(1);
    if (!request) throw new RangeError('a request was waited for');
    expect(request.path).toBe('/hook?x=1');
    expect(request.body.toString()).toBe(body);
    expect(request.headers).toMatchObject({
      'x-cs-event-id': eventId,
      'x-cs-event': 'VM.START',
      'user-agent': `CS-Hookshot/${account}`,
      'content-type': 'application/json',
      'webhook-id': eventId,
    });
    expect(hasValidSignature(request, 'webhook-secret')).toBe(true);
    const standard = new Webhook('webhook-secret', { format: 'raw' });
    const {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signature,
    } = request.headers;
    standard.verify(request.body.toString(), {
      'webhook-id': String(id),
      'webhook-timestamp': String(timestamp),
      'webhook-signature': String(signature),
    });
    expect(await harness.settled(eventId, 'delivered')).toMatchObject({
      tries: 1,
      status: 200,
      error: null,
    });
  });

  it('is tried again after a while with the same id, up to its tries, and every answer is kept', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 500, body: 'no' });
    const webhookId = await harness.webhook(receiver.url, { tries: 4 });
    await harness.start();
    const eventId = await harness.owe(webhookId);
    const row = await harness.settled(eventId, 'failed');
    expect(row).toMatchObject({
      tries: 4,
      status: 500,
      response_body: 'no',
      next_attempt_at: null,
    });
    expect(receiver.requests.map(request => request.headers['webhook-id'])).toEqual(
      Array.from({ length: 4 }, () => eventId),
    );
    const attempts = await harness.records.rows(
      'select number, status from attempt order by number',
    );
    expect(attempts).toEqual([1, 2, 3].map(number => ({ number, status: 500 })));
  });

  it('goes on with its tries after a restart', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 500 });
    const webhookId = await harness.webhook(receiver.url, { tries: 3 });
    const first = await harness.start({ HOOKLINE_DISPATCH_BACKOFF_BASE_MS: '1500' });
    const eventId = await harness.owe(webhookId);
    await waitUntil(
      'the first try to be written',
      async () => (await harness.delivery(eventId)).tries === 1,
    );
    await first.stop();
    receiver.answerWith({ status: 200 });
    await harness.start();
    expect(await harness.settled(eventId, 'delivered')).toMatchObject({ tries: 2 });
  });

  it('waits as long as the receiver asks, within bounds', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 429, headers: { 'retry-after': '7200' } });
    const webhookId = await harness.webhook(receiver.url);
    await harness.start({ HOOKLINE_DISPATCH_BACKOFF_WAIT_MS_MAX: '1800000' });
    const eventId = await harness.owe(webhookId);
    const row = await waitUntil('the first attempt', async () => {
      const now = await harness.delivery(eventId);
      return now.status === 429 && now.state === 'pending' && now;
    });
    expect(row.tries).toBe(0);
    const waitMs = Date.parse(row.next_attempt_at ?? '') - Date.now();
    expect(waitMs).toBeGreaterThan(1_700_000);
    expect(waitMs).toBeLessThanOrEqual(1_800_000);
  });

  it('to a receiver that says 410 fails, and the webhook is disabled', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 410 });
    const webhookId = await harness.webhook(receiver.url);
    await harness.start();
    expect(await harness.settled(await harness.owe(webhookId), 'failed')).toMatchObject({
      tries: 1,
      status: 410,
    });
    await waitUntil('it to be disabled', async () => {
      const [row] = await harness.records.rows<{ state: string }>('select state from webhook');
      return row?.state === 'Disabled';
    });
    // The second one finds the webhook disabled as soon as the change is known here.
    await waitUntil('a delivery to be cancelled', async () => {
      const row = await harness.settled(await harness.owe(webhookId), 'failed', 'cancelled');
      return row.state === 'cancelled' && row.error === 'the webhook is disabled';
    });
  });

  it('waits while its webhook’s rate is used up', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const webhookId = await harness.webhook(receiver.url, { ratePerSecondMax: 5 });
    for (let count = 0; count < 8; count += 1) await harness.owe(webhookId);
    await harness.start();
    const arrivedAt = (await receiver.waitFor(8)).map(({ receivedAt }) => receivedAt);
    // One may come a tenth of a second early; the others are a fifth of a second apart.
    expect(Math.max(...arrivedAt) - Math.min(...arrivedAt)).toBeGreaterThan(1_200);
  });

  it('never follows a redirect', async () => {
    await using harness = await openDispatchHarness();
    await using target = await startReceiver();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 307, headers: { location: target.url } });
    const webhookId = await harness.webhook(receiver.url, { tries: 1 });
    await harness.start();
    expect(await harness.settled(await harness.owe(webhookId), 'failed')).toMatchObject({
      status: 307,
    });
    expect(target.total()).toBe(0);
  });

  it('keeps the first bytes of a response, and cuts off one that does not end', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ body: `\0ü${'x'.repeat(1_000_000)}` });
    const webhookId = await harness.webhook(receiver.url);
    await harness.start({ HOOKLINE_DISPATCH_RESPONSE_BYTES_MAX: '10' });
    const row = await harness.settled(await harness.owe(webhookId), 'delivered');
    expect(row.response_body).toBe('\u{FFFD}üxxxxxxx');
  });

  it('to a receiver that is silent, drips, or refuses says so in words', async () => {
    await using harness = await openDispatchHarness();
    await using silent = await startReceiver();
    silent.answerWith({ instead: 'never' });
    await using cut = await startReceiver();
    cut.answerWith({ instead: 'reset' });
    await using dripping = await startDripping();
    const facts = { tries: 1, timeoutMs: 300 };
    await harness.start();
    const errorOf = async (url: string): Promise<string | null> =>
      silenceOf(harness, await harness.owe(await harness.webhook(url, facts)));
    expect(await errorOf(silent.url)).toBe('no response within 300 ms');
    expect(await errorOf(dripping.url)).toBe('response not complete within 300 ms');
    expect(await errorOf(cut.url)).toMatch(/ECONNRESET|closed the connection/);
    expect(await errorOf('http://127.0.0.1:1/')).toBe('connect ECONNREFUSED 127.0.0.1:1');
    expect(await errorOf('http://no-such-host.invalid/')).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  it('costs no try when this machine has no open files left', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    let failures = 0;
    await harness.start({}, async () => {
      failures += 1;
      if (failures > 2) return [{ address: '127.0.0.1', family: 4 }];
      throw Object.assign(new Error('connect EMFILE 127.0.0.1:80'), { code: 'EMFILE' });
    });
    const webhookId = await harness.webhook(`http://full.test:${receiver.port}/`, { tries: 1 });
    const delivered = await harness.settled(await harness.owe(webhookId), 'delivered');
    expect(delivered.tries).toBe(1);
    expect(failures).toBe(3);
  });

  it('is refused an unknown certificate, unless the webhook switches verification off', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver({ tls: await makeCertificate() });
    await harness.start();
    const strict = await harness.webhook(receiver.url, { tries: 1 });
    expect(await silenceOf(harness, await harness.owe(strict))).toMatch(/certificate/);
    const lax = await harness.webhook(`${receiver.url}lax`, { sslVerification: false });
    expect(await harness.settled(await harness.owe(lax), 'delivered')).toMatchObject({
      status: 200,
    });
  });

  it('waits for a mend while its webhook cannot be sent to, and says why', async () => {
    await using harness = await openDispatchHarness();
    const webhookId = await harness.webhook('not a url');
    await harness.start();
    const eventId = await harness.owe(webhookId);
    const row = await waitUntil('the reason', async () => {
      const now = await harness.delivery(eventId);
      return now.error !== null && now;
    });
    expect(row).toMatchObject({ state: 'pending', tries: 0, error: 'Invalid URL' });
  });

  it('to a deleted webhook is cancelled', async () => {
    await using harness = await openDispatchHarness();
    const webhookId = await harness.webhook('http://127.0.0.1:1/');
    await harness.records.rows(`delete from webhook where id = '${webhookId}'`);
    await harness.start();
    const row = await harness.settled(await harness.owe(webhookId), 'cancelled');
    expect(row).toMatchObject({ tries: 0, error: 'the webhook was deleted' });
  });

  it('that shutdown cuts short is due again, and the try does not count', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    receiver.answerWith({ instead: 'never' });
    const webhookId = await harness.webhook(receiver.url);
    const app = await harness.start({ HOOKLINE_SHUTDOWN_MS: '100' });
    const eventId = await harness.owe(webhookId);
    await receiver.waitFor(1);
    await app.stop();
    expect(await harness.delivery(eventId)).toMatchObject({
      state: 'pending',
      tries: 0,
      error: null,
    });
  });
});

/** Error of an attempt that costs no try. */
async function silenceOf(harness: DispatchHarness, eventId: string): Promise<string | null> {
  const row = await harness.tried(eventId);
  expect(row).toMatchObject({ state: 'pending', tries: 0 });
  return row.error;
}

/** Sends the head of a response, and then one byte at a time for ever. */
async function startDripping(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(socket => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
      const drip = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(drip));
    });
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}

describe('a process that owes nothing', () => {
  it('looks again soon for what it has put off itself, though it rests otherwise', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const webhookId = await harness.webhook(receiver.url, { tries: 2 });
    const app = await harness.start();
    await waitUntil('notifications to be heard', () => app.sync.hearsNotifications === true);
    await harness.settled(await harness.owe(webhookId), 'delivered');
    receiver.answerWith({ status: 500 });
    const eventId = await harness.owe(webhookId);
    await harness.tried(eventId);
    receiver.answerWith({ status: 200 });
    expect(await harness.settled(eventId, 'delivered')).toMatchObject({ tries: 2 });
  });
});
