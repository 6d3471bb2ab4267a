/** A receiver that repeats what it was sent, as debug pages do, brings no secret of the webhook back to where people look. */
import { randomUUID } from 'node:crypto';

import { expect, it } from 'vitest';

import { seal } from '../../src/access/secret/seal.ts';
import { webhookOf } from '../fixtures/webhook.ts';
import { startReceiver, type Answer, type ReceivedRequest } from '../service/receiver.ts';
import { account, openDispatchHarness, secretKey } from './dispatch-harness.ts';

const token = 'Zm9v+hunter2/"quoted"';
const headers = { Authorization: `Bearer ${token}`, 'X-Key': 'k3y' };
const signingSecret = 'signs-in-silence';
const told = [token, 'hunter2', '"k3y"', signingSecret, Buffer.from(token).toString('base64')];

const encode: Record<string, (text: string) => string> = {
  plain: text => text,
  json: text => JSON.stringify({ echo: text }),
  percent: encodeURIComponent,
  form: text => new URLSearchParams({ echo: text }).toString(),
};

/** Answers 400 with the request in the body, and its credentials in headers. */
const echo =
  (encoding: string) =>
  ({ headers: received, body }: ReceivedRequest): Answer => {
    const all = `${JSON.stringify(received)}\n${received.authorization}\n"${String(received['x-key'])}" ${signingSecret}\n${body.toString()}`;
    return {
      status: 400,
      headers: { 'X-Echo': String(received.authorization), Location: `/?key=${token}` },
      body: encode[encoding]?.(all) ?? '',
    };
  };

it('a receiver that echoes leaves no secret in what is recorded, nor in what a test shows', async () => {
  await using harness = await openDispatchHarness();
  await using receiver = await startReceiver();
  const app = await harness.start();
  const facts = { headers, secret: signingSecret, tries: 1 };
  const webhookId = await harness.webhook(receiver.url, facts);
  const webhook = webhookOf({
    accountId: account,
    payloadUrl: receiver.url,
    headers,
    secrets: [{ sealed: seal(secretKey, signingSecret) }],
  });
  for (const encoding of Object.keys(encode)) {
    receiver.answerWith(echo(encoding));
    const row = await harness.settled(await harness.owe(webhookId), 'failed');
    expect(row.response_body).toContain('***');
    const result = await app.testDelivery({ webhook, eventId: randomUUID() });
    expect(result.response?.headers).toMatchObject({ 'x-echo': '***', location: '/?key=***' });
    for (const place of [JSON.stringify(row), JSON.stringify(result)]) {
      for (const secret of told) {
        expect(place).not.toContain(secret);
        expect(place).not.toContain(JSON.stringify(JSON.stringify(secret)).slice(3, -3));
        expect(place).not.toContain(encodeURIComponent(secret));
      }
    }
  }
});

it('a secret that the kept part of an answer cuts is not left in part', async () => {
  await using harness = await openDispatchHarness();
  await using receiver = await startReceiver();
  await harness.start({ HOOKLINE_DISPATCH_RESPONSE_BYTES_MAX: '12' });
  const webhookId = await harness.webhook(receiver.url, { headers, tries: 1 });
  for (const before of ['', 'xx', 'xxxxxxxx']) {
    receiver.answerWith({ status: 400, body: `${before}${token}` });
    const row = await harness.settled(await harness.owe(webhookId), 'failed');
    expect(row.response_body).toBe(`${before}***`);
  }
});

it('the secret of a format, which its receiver has to see, comes back from none', async () => {
  await using harness = await openDispatchHarness();
  await using receiver = await startReceiver();
  receiver.answerWith(({ headers: received, body }) => ({
    status: 400,
    body: `${body.toString()} ${String(received.authorization)}`,
  }));
  const app = await harness.start();
  for (const format of ['pagerduty', 'opsgenie']) {
    const webhook = webhookOf({
      accountId: account,
      payloadUrl: receiver.url,
      format,
      secrets: [{ sealed: seal(secretKey, 'R0UTING/KEY') }],
    });
    const result = await app.testDelivery({ webhook, eventId: randomUUID() });
    expect(result.response?.body).toContain('***');
    expect(JSON.stringify(result)).not.toMatch(/R0UTING/);
  }
});
