import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { open } from '../../src/access/secret/seal.ts';
import type { TestDeliveryResult } from '../../src/dispatch/test-delivery/test-delivery.ts';
import { makeCertificate } from '../service/certificate.ts';
import { hasValidSignature, startReceiver } from '../service/receiver.ts';
import type { Receiver } from '../service/receiver.ts';
import { secretKey as key, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';
import { waitUntil } from '../service/wait-until.ts';

let api: ApiUnderTest;
let receiver: Receiver;
beforeAll(async () => {
  api = await startApi();
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

let count = 0;
const make = async (body: object = {}): Promise<string> => {
  const payloadUrl = `${receiver.url}${(count += 1)}`;
  const made = await api.ask('POST', '/v1/webhooks', { name: 'w', payloadUrl, ...body });
  expect(made.status).toBe(201);
  return `/v1/webhooks/${made.body.id}`;
};

type Result = TestDeliveryResult & { readonly from: { host: string; dispatches: boolean } };

const test = async (path: string, body?: object): Promise<Result> => {
  const { status, text } = await api.ask('POST', path, body);
  expect(status).toBe(200);
  const result: Result = JSON.parse(text);
  return result;
};
const lastRequest = () => {
  const last = receiver.requests.at(-1);
  if (!last) throw new RangeError('no request arrived');
  return last;
};

describe('a test of a webhook', () => {
  it('is sent as its deliveries are, and shows all that came of it', async () => {
    const path = await make({ secretKey: 's3cret', headers: { Authorization: 'Bearer hunter2' } });
    const result = await test(`${path}/test`);
    const sent = lastRequest();
    expect(sent.body.toString()).toBe('{ "CloudStack": "works!" }');
    expect(sent.headers['authorization']).toBe('Bearer hunter2');
    expect(hasValidSignature(sent, 's3cret')).toBe(true);
    expect(result).toMatchObject({
      diagnosis: { code: 'delivered' },
      request: { method: 'POST', headers: { Authorization: '***', 'X-CS-Event': 'TEST.WEBHOOK' } },
      response: { status: 200 },
      connection: { address: '127.0.0.1', isProxied: false },
      from: { host: 'test', dispatches: false },
    });
    expect(result.timing?.totalMs).toBeGreaterThan(0);
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  it('takes another payload, URL and secret for this once', async () => {
    const path = await make({ secretKey: 's3cret' });
    const url = `${receiver.url}other`;
    const result = await test(`${path}/test`, { payload: '€', payloadUrl: url, secretKey: 'new' });
    expect(result.request).toMatchObject({ url, body: '€' });
    expect(hasValidSignature(lastRequest(), 'new')).toBe(true);
    await test(`${path}/test`, { payload: '', secretKey: '' });
    expect(lastRequest().headers).not.toHaveProperty('x-cs-signature');
    expect(lastRequest().body.toString()).toContain('works!');
    expect((await api.ask('GET', path)).body.payloadUrl).not.toBe(url);
  });

  it('tells a failure in words, and the receiver’s certificate', async () => {
    const tls = await makeCertificate();
    await using secure = await startReceiver({ tls });
    const path = await make({ payloadUrl: `https://localhost:${secure.port}/` });
    const refused = await test(`${path}/test`);
    expect(refused.diagnosis.code).toBe('certificate_untrusted');
    expect(refused.tls?.certificate?.issuer).toBe('CN=hookline-test');
    const careless = await test(`${path}/test`, { sslVerification: false });
    expect(careless.diagnosis.code).toBe('delivered');
    await api.ask('PATCH', path, { caCertificate: tls.ca });
    expect((await test(`${path}/test`)).tls?.authorized).toBe(true);
    receiver.answerWith({ status: 302, headers: { location: 'http://elsewhere/' } });
    expect((await test(`${await make()}/test`)).diagnosis.code).toBe('redirect');
    receiver.answerWith({ status: 200 });
  });

  /** The tests would end by themselves after 10 s. */
  const beforeTimeoutMs = 5_000;

  it('ends when the client hangs up; till then validations are told that too many run', async () => {
    await using silent = await startReceiver();
    silent.answerWith({ instead: 'never' });
    const origin = await api.app.listen({ port: 0, host: '127.0.0.1' });
    const hangUp = new AbortController();
    const clients = Array.from({ length: 4 }, () =>
      fetch(`${origin}/v1/test`, {
        method: 'POST',
        headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ payloadUrl: silent.url }),
        signal: hangUp.signal,
      }).catch((error: unknown) => String(error)),
    );
    await silent.waitFor(4);
    const body = { name: 'w', payloadUrl: receiver.url, validation: 'post' };
    expect((await api.ask('POST', '/v1/webhooks', body)).body).toMatchObject({
      status: 503,
      code: 'busy',
    });
    hangUp.abort();
    await Promise.all(clients);
    await waitUntil(
      'a place for a test',
      async () => {
        const { diagnosis } = await test('/v1/test', { payloadUrl: receiver.url });
        return diagnosis.code === 'delivered';
      },
      beforeTimeoutMs,
    );
  });

  it.each([
    [{ payloadUrl: 'ftp://x' }, 'payload_url_invalid'],
    [{ payloadUrl: 'http://x', sslVerification: true }, 'ssl_verification_invalid'],
    [{ payload: {} }, 'request_invalid'],
    [{ name: 'x' }, 'request_invalid'],
  ])('refuses %j', async (body, code) => {
    expect((await api.ask('POST', `${await make()}/test`, body)).body.code).toBe(code);
  });
});

const refused = async (body: object) => (await api.ask('POST', '/v1/test', body)).body.code;

describe('a test of a webhook that is not saved', () => {
  it('needs its URL alone, and takes what it would be sent with', async () => {
    expect((await test('/v1/test', { payloadUrl: receiver.url })).diagnosis.code).toBe('delivered');
    expect(lastRequest().headers).not.toHaveProperty('x-cs-signature');
    await test('/v1/test', {
      payloadUrl: receiver.url,
      payload: 'hello',
      secretKey: 's',
      headers: { 'X-A': 'a' },
      timeoutMs: 4_000,
    });
    expect(hasValidSignature(lastRequest(), 's')).toBe(true);
    expect(lastRequest().headers['x-a']).toBe('a');
    expect(lastRequest().body.toString()).toBe('hello');
  });

  it('may go where its owner’s webhooks may', async () => {
    const { body } = await api.ask('POST', '/v1/test', {
      payloadUrl: receiver.url,
      accountId: 'nobody',
    });
    expect(body.code).toBe('account_invalid');
  });

  it('is refused as making it would be', async () => {
    expect(await refused({})).toBe('request_invalid');
    expect(await refused({ payloadUrl: 'gopher://x' })).toBe('payload_url_invalid');
    expect(await refused({ payloadUrl: 'http://x', headers: { Host: 'y' } })).toBe(
      'headers_invalid',
    );
    expect(await refused({ payloadUrl: 'http://x', caCertificate: 'y' })).toBe(
      'ca_certificate_invalid',
    );
    expect(await refused({ payloadUrl: 'http://x', state: 'Enabled' })).toBe('request_invalid');
  });
});

const signatures = (): number =>
  String(lastRequest().headers['webhook-signature']).split(' ').length;

describe("a webhook's secret", () => {
  it('is replaced by one that is made and shown once, while the former signs as well', async () => {
    const path = await make({ secretKey: 'former' });
    const { status, headers, text } = await api.ask('POST', `${path}/secret`);
    const made: { secretKey: string; formerValidUntil: string } = JSON.parse(text);
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(made.secretKey).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const overlapMs = Date.parse(made.formerValidUntil) - Date.now();
    expect(Math.round(overlapMs / 3_600_000)).toBe(24);
    await test(`${path}/test`);
    expect(hasValidSignature(lastRequest(), made.secretKey)).toBe(true);
    expect(signatures()).toBe(2);
    const id = path.slice(-36);
    const [row] = await api.store.em
      .fork()
      .execute<{ sealed: Buffer }[]>(
        'select sealed from webhook_secret where webhook_id = ? and expires_at is null',
        [id],
      );
    expect(row && open([key], row.sealed)).toBe(made.secretKey);
    const audit = await api.ask('GET', `/v1/audit?objectId=${id}&action=webhook.secret_replaced`);
    expect(audit.body.items).toHaveLength(1);
    expect(audit.text + api.logged.join('\n')).not.toContain(made.secretKey);
  });

  it('is replaced by the one that is given, at once without an overlap', async () => {
    const path = await make({ secretKey: 'former' });
    const answer = await api.ask('POST', `${path}/secret`, { secretKey: 'mine', overlap: 0 });
    expect(answer.body).toMatchObject({ secretKey: 'mine', formerValidUntil: null });
    await test(`${path}/test`);
    expect(hasValidSignature(lastRequest(), 'mine')).toBe(true);
    expect(signatures()).toBe(1);
  });

  it('is given to a webhook that had none', async () => {
    const path = await make();
    expect((await api.ask('POST', `${path}/secret`, {})).body).toMatchObject({
      formerValidUntil: null,
    });
    expect((await api.ask('GET', path)).body.hasSecret).toBe(true);
  });

  it.each([{ overlap: -1 }, { overlap: 2_678_401 }, { secretKey: '' }, { x: 1 }])(
    'is not replaced by %j',
    async body => {
      const { body: problem } = await api.ask('POST', `${await make()}/secret`, body);
      expect(problem.code).toBe('request_invalid');
    },
  );
});
