import { createServer, type Socket } from 'node:net';
import { createHmac, randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { seal } from '../../src/access/secret/seal.ts';
import type { Lookup } from '../../src/dispatch/egress/guard.ts';
import type {
  MakeTestDelivery,
  TestDeliveryResult,
} from '../../src/dispatch/test-delivery/test-delivery.ts';
import type { Webhook } from '../../src/webhook/webhook.ts';
import { webhookOf } from '../fixtures/webhook.ts';
import { makeCertificate } from '../service/certificate.ts';
import { startProxy } from '../service/proxy.ts';
import { hasValidSignature, startReceiver } from '../service/receiver.ts';
import { account, openDispatchHarness, secretKey, tenant } from './dispatch-harness.ts';

interface Tester extends AsyncDisposable {
  test(webhook: Partial<Webhook>, payload?: string): Promise<TestDeliveryResult>;
}

/** The app, of which nothing but test deliveries is used. */
async function openTester(
  environment: Readonly<Record<string, string>> = {},
  lookup?: Lookup,
): Promise<Tester> {
  const harness = await openDispatchHarness();
  const { testDelivery }: { testDelivery: MakeTestDelivery } = await harness.start(
    environment,
    lookup,
  );
  return {
    test: async (facts, payload) => {
      const webhook = webhookOf({ accountId: account, timeoutMs: 3_000, ...facts });
      return testDelivery({
        webhook,
        eventId: randomUUID(),
        ...(payload !== undefined && { payload }),
      });
    },
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}

const toLoopback: Lookup = async () => [{ address: '127.0.0.1', family: 4 }];

describe('a test delivery', () => {
  it('shows request, response, timing and connection', async () => {
    await using tester = await openTester();
    await using receiver = await startReceiver();
    receiver.answerWith({ status: 202, headers: { 'x-receiver': 'yes' }, body: 'thanks' });
    const result = await tester.test({
      payloadUrl: `${receiver.url}hook?x=1`,
      secrets: [{ sealed: seal(secretKey, 's3cret') }],
      headers: { Authorization: 'Bearer hunter2' },
    });
    const [received] = receiver.requests;
    if (!received) throw new RangeError('a request arrived');
    expect(result.diagnosis).toEqual({
      code: 'delivered',
      text: 'The receiver accepted it with status 202.',
    });
    expect(received.body.toString()).toBe('{ "CloudStack": "works!" }');
    expect(received.headers).toMatchObject({
      'x-cs-event': 'TEST.WEBHOOK',
      'user-agent': `CS-Hookshot/${account}`,
      authorization: 'Bearer hunter2',
    });
    expect(hasValidSignature(received, 's3cret')).toBe(true);
    expect(result.request).toMatchObject({
      method: 'POST',
      url: `${receiver.url}hook?x=1`,
      body: '{ "CloudStack": "works!" }',
      headers: {
        'X-CS-Event': 'TEST.WEBHOOK',
        'X-CS-Signature': received.headers['x-cs-signature'],
        'webhook-id': received.headers['webhook-id'],
        Authorization: '***',
      },
    });
    expect(result.response).toMatchObject({
      status: 202,
      headers: { 'x-receiver': 'yes' },
      body: 'thanks',
    });
    expect(result.connection).toEqual({ address: '127.0.0.1', isProxied: false });
    expect(Object.keys(result.timing ?? {})).toEqual([
      'startedAt',
      'lookupMs',
      'connectMs',
      'waitMs',
      'totalMs',
    ]);
    expect(result).not.toHaveProperty('error');
    expect(result).not.toHaveProperty('tls');
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  it.each(['hex', 'base64'] as const)(
    'is signed in %s where the webhook says so',
    async encoding => {
      const other = encoding === 'hex' ? 'base64' : 'hex';
      await using tester = await openTester({ HOOKLINE_SIGNATURE_ENCODING: other });
      await using receiver = await startReceiver();
      await tester.test({
        payloadUrl: receiver.url,
        secrets: [{ sealed: seal(secretKey, 's3cret') }],
        signatureEncoding: encoding,
      });
      const [received] = receiver.requests;
      const expected = createHmac('sha256', 's3cret')
        .update(received?.body ?? '')
        .digest(encoding);
      expect(received?.headers['x-cs-signature']).toBe(expected);
    },
  );

  it('sends the payload it is given, and keeps the first bytes of a long answer', async () => {
    await using tester = await openTester({ HOOKLINE_DISPATCH_RESPONSE_BYTES_MAX: '10' });
    await using receiver = await startReceiver();
    receiver.answerWith({ body: 'x'.repeat(1_000_000) });
    const result = await tester.test({ payloadUrl: receiver.url }, '{"a":"€"}');
    expect(receiver.requests[0]?.body.toString()).toBe('{"a":"€"}');
    expect(result.response?.body).toBe('xxxxxxxxxx');
    expect(result.diagnosis.code).toBe('delivered');
  });

  it('shows the TLS connection and the certificate', async () => {
    await using tester = await openTester({}, toLoopback);
    const tls = await makeCertificate();
    await using receiver = await startReceiver({ tls });
    const payloadUrl = `https://localhost:${receiver.port}/`;
    const trusting = await tester.test({ payloadUrl, caCertificate: tls.ca });
    expect(trusting.tls).toMatchObject({
      protocol: 'TLSv1.3',
      authorized: true,
      certificate: {
        subject: 'CN=localhost',
        issuer: 'CN=hookline-test',
        names: ['127.0.0.1', 'localhost'],
      },
    });
    expect(trusting.timing).toHaveProperty('tlsMs');
    const careless = await tester.test({ payloadUrl, sslVerification: false });
    expect(careless.diagnosis.code).toBe('delivered');
    expect(careless.tls).toMatchObject({
      authorized: false,
      authorizationError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  });

  it('goes by the egress rules of the webhook’s owner', async () => {
    await using tester = await openTester({ HOOKLINE_EGRESS_ALLOW: '' }, async () => [
      { address: '10.1.2.3', family: 4 },
    ]);
    const inside = await tester.test({ payloadUrl: 'http://inside.test/', accountId: tenant });
    expect(inside.diagnosis).toEqual({
      code: 'blocked',
      text: 'Deliveries to inside.test are not allowed: blocked by egress rule private (10.0.0.0/8). The operator of Hookline sets its egress rules.',
    });
    expect(inside.error).toBe('blocked by egress rule private (10.0.0.0/8)');
    expect(inside).not.toHaveProperty('connection');
    expect(inside).not.toHaveProperty('response');
    const loopback = await tester.test({ payloadUrl: 'http://127.1/' });
    expect(loopback.error).toBe('blocked by egress rule loopback (127.0.0.0/8)');
  });

  it('goes through the proxy, and tells whose address is whose', async () => {
    await using receiver = await startReceiver();
    await using proxy = await startProxy({
      lead: ({ authority }) =>
        authority.endsWith(':81') ? { status: 403 } : { port: receiver.port },
    });
    await using tester = await openTester({ HOOKLINE_EGRESS_PROXY_URL: proxy.url });
    const { connection, diagnosis } = await tester.test({ payloadUrl: 'http://8.8.8.8/' });
    expect(diagnosis.code).toBe('delivered');
    expect(connection).toEqual({ address: '8.8.8.8', isProxied: true });
    const refused = await tester.test({ payloadUrl: 'http://8.8.8.8:81/' });
    expect(refused.diagnosis).toEqual({
      code: 'proxy_failed',
      text: 'The proxy answered 403 to CONNECT 8.8.8.8:81.',
    });
  });

  it('bounds how many of an account there are at a time, and what others have is theirs', async () => {
    await using tester = await openTester();
    await using receiver = await startReceiver();
    receiver.answerWith({ instead: 'never' });
    const facts = { payloadUrl: receiver.url, timeoutMs: 1_000 };
    const running = Promise.all(Array.from({ length: 20 }, () => tester.test(facts)));
    const other = tester.test({ ...facts, accountId: tenant, payloadUrl: 'http://127.0.0.1:9/' });
    expect((await other).diagnosis.code).toBe('refused');
    const results = await running;
    const count = (code: string) => results.filter(({ diagnosis }) => diagnosis.code === code);
    expect(count('timeout')).toHaveLength(4);
    expect(count('busy')).toHaveLength(16);
    receiver.answerWith({});
    expect((await tester.test(facts)).diagnosis.code).toBe('delivered');
  });

  it('says what is wrong with the webhook itself', async () => {
    await using tester = await openTester();
    const textOf = async (facts: Partial<Webhook>): Promise<string> => {
      const { diagnosis } = await tester.test(facts);
      expect(diagnosis.code).toBe('webhook_invalid');
      return diagnosis.text;
    };
    expect(await textOf({ payloadUrl: 'nonsense' })).toContain('Invalid URL');
    expect(await textOf({ headers: { Host: 'x' } })).toContain(
      'the header Host is set by Hookline',
    );
    const foreign = seal(Buffer.alloc(32, 9), 'x');
    expect(await textOf({ secrets: [{ sealed: foreign }] })).toContain('sealed with the key');
  });
});

describe('a test delivery to a webhook that is sent batches', () => {
  const batch = { eventsMax: 10, bytesMax: 1_000_000, waitMs: 10_000, gzip: false } as const;

  it.each([
    ['array', 'application/json', (text: string) => JSON.parse(text)],
    ['ndjson', 'application/x-ndjson', (text: string) => [JSON.parse(text.trimEnd())]],
  ] as const)('is a batch of one, as %s', async (as, type, read) => {
    await using tester = await openTester();
    await using receiver = await startReceiver();
    const webhook = { payloadUrl: receiver.url, format: 'envelope', batch: { ...batch, as } };
    const result = await tester.test(webhook);
    expect(result.diagnosis.code).toBe('delivered');
    const [received] = receiver.requests;
    expect(received?.headers['content-type']).toContain(type);
    expect(read(received?.body.toString() ?? '')).toMatchObject([{ event: 'TEST.WEBHOOK' }]);
  });

  it('is compressed where they are, and shown as it was before', async () => {
    await using tester = await openTester();
    await using receiver = await startReceiver();
    const gzip = { ...batch, as: 'array', gzip: true } as const;
    const webhook = { payloadUrl: receiver.url, format: 'envelope', batch: gzip };
    receiver.answerWith(({ body }) => ({ status: body[0] === 0x1f ? 400 : 200 }));
    const { diagnosis, request } = await tester.test(webhook);
    expect(receiver.requests[0]?.headers['content-encoding']).toBe('gzip');
    expect(diagnosis.text).toContain('set gzip to false');
    expect(JSON.parse(request?.body ?? '')).toMatchObject([{ event: 'TEST.WEBHOOK' }]);
    receiver.answerWith({ status: 415 });
    expect((await tester.test(webhook)).diagnosis.text).toContain('accept application/json, or');
  });
});

describe('a test delivery in a format of its own', () => {
  it('says something wherever it goes, and hides a secret that the receiver has to see', async () => {
    await using tester = await openTester();
    await using receiver = await startReceiver();
    const result = await tester.test({
      payloadUrl: receiver.url,
      format: 'pagerduty',
      secrets: [{ sealed: seal(secretKey, 'R0UTINGKEY') }],
    });
    expect(result.diagnosis.code).toBe('delivered');
    const sent = JSON.parse(receiver.requests[0]?.body.toString() ?? '');
    expect(sent).toMatchObject({ routing_key: 'R0UTINGKEY', event_action: 'trigger' });
    expect(JSON.stringify(result)).not.toContain('R0UTINGKEY');
    expect(JSON.parse(result.request?.body ?? '')).toEqual({ ...sent, routing_key: '***' });
  });

  it('takes what the event is to look like from the payload', async () => {
    await using tester = await openTester();
    await using receiver = await startReceiver();
    const webhook = { payloadUrl: receiver.url, format: 'slack' };
    await tester.test(webhook, '{"event":"VM.START","status":"Failed","entityuuid":7}');
    expect(JSON.parse(receiver.requests[0]?.body.toString() ?? '')).toMatchObject({
      text: '🔴 VM.START failed',
    });
    const started = {
      ...webhook,
      format: 'pagerduty',
      secrets: [{ sealed: seal(secretKey, 'K') }],
    };
    const result = await tester.test(started, '{"event":"VM.START","status":"Started"}');
    expect(result.diagnosis).toEqual({
      code: 'skipped',
      text: 'Nothing is sent: nothing failed, and nothing warns.',
    });
    expect(receiver.total()).toBe(1);
  });
});

describe('what a test delivery diagnoses', () => {
  it('of an answer that is no success', async () => {
    await using tester = await openTester();
    await using receiver = await startReceiver();
    const answer = async (
      status: number,
      headers = {},
    ): Promise<TestDeliveryResult['diagnosis']> => {
      receiver.answerWith({ status, headers });
      return (await tester.test({ payloadUrl: receiver.url })).diagnosis;
    };
    expect(await answer(307, { location: 'https://elsewhere.test/' })).toEqual({
      code: 'redirect',
      text: expect.stringContaining(
        'to https://elsewhere.test/ with status 307. Redirects are never',
      ),
    });
    expect((await answer(404)).text).toBe(
      'The receiver answered with status 404. There is nothing at this path.',
    );
    expect((await answer(500)).text).toContain('see its log');
    expect((await answer(418)).text).toBe('The receiver answered with status 418.');
  });

  it('of a receiver that is not there', async () => {
    await using tester = await openTester();
    const diagnosisOf = async (payloadUrl: string) => (await tester.test({ payloadUrl })).diagnosis;
    expect(await diagnosisOf('http://127.0.0.1:1/')).toEqual({
      code: 'refused',
      text: 'Nothing listens at 127.0.0.1:1: the connection was refused.',
    });
    expect((await diagnosisOf('http://no-such-host.invalid/')).code).toBe('name_not_resolved');
  });

  it('of a receiver that is slow, by what it was slow at', async () => {
    await using tester = await openTester({}, async hostname =>
      hostname === 'never.test' ? new Promise(() => {}) : [{ address: '127.0.0.1', family: 4 }],
    );
    await using silent = await startRaw(() => {});
    await using dripping = await startRaw(socket => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx'));
    });
    const textOf = async (payloadUrl: string): Promise<string> => {
      const { diagnosis } = await tester.test({ payloadUrl, timeoutMs: 300 });
      expect(diagnosis.code).toBe('timeout');
      return diagnosis.text;
    };
    expect(await textOf('http://never.test/')).toContain('No name server answered');
    expect(await textOf(`https://slow.test:${silent.port}/`)).toContain('TLS handshake');
    expect(await textOf(`http://slow.test:${silent.port}/`)).toContain('took the request');
    expect(await textOf(`http://slow.test:${dripping.port}/`)).toContain('did not finish');
  });

  it('of a receiver that speaks something else', async () => {
    await using tester = await openTester();
    await using ssh = await startRaw(socket => socket.write('SSH-2.0-OpenSSH_9.9\r\n'));
    await using cutting = await startRaw(socket => socket.once('data', () => socket.destroy()));
    await using http = await startReceiver();
    await using https = await startReceiver({ tls: await makeCertificate() });
    const codeOf = async (payloadUrl: string): Promise<string> =>
      (await tester.test({ payloadUrl })).diagnosis.code;
    expect(await codeOf(`http://127.0.0.1:${ssh.port}/`)).toBe('not_http');
    expect(await codeOf(`http://127.0.0.1:${cutting.port}/`)).toBe('connection_cut');
    expect(await codeOf(`https://127.0.0.1:${http.port}/`)).toBe('not_tls');
    expect(await codeOf(`https://127.0.0.1:${cutting.port}/`)).toMatch(/tls_failed/);
    expect(await codeOf(`http://127.0.0.1:${https.port}/`)).toMatch(/connection_cut|tls_expected/);
  });

  it('of a certificate that is refused, which is shown all the same', async () => {
    await using tester = await openTester({}, toLoopback);
    const [good, expired, other] = await Promise.all([
      makeCertificate(),
      makeCertificate({ days: -1 }),
      makeCertificate({ names: 'DNS:other.test,DNS:*.other.test' }),
    ]);
    const diagnosisOf = async (tls: typeof good, caCertificate?: string) => {
      await using receiver = await startReceiver({ tls });
      const result = await tester.test({
        payloadUrl: `https://localhost:${receiver.port}/`,
        ...(caCertificate !== undefined && { caCertificate }),
      });
      expect(result.tls).toMatchObject({
        authorized: false,
        certificate: { subject: expect.stringContaining('CN=') },
      });
      expect(receiver.total()).toBe(0);
      return result.diagnosis;
    };
    const past = await diagnosisOf(expired, expired.ca);
    expect(past.code).toBe('certificate_expired');
    expect(past.text).toMatch(/^The certificate expired at 20\d\d-.*Z\. Renew it/);
    expect(await diagnosisOf(other, other.ca)).toEqual({
      code: 'certificate_other_host',
      text: expect.stringMatching(
        /^The certificate is for other.test, \*.other.test, not for localhost\./,
      ),
    });
    const unknown = await diagnosisOf(good);
    expect(unknown.code).toBe('certificate_untrusted');
    expect(unknown.text).toContain('comes from CN=hookline-test, which is not trusted here');
    const selfSigned = { ...good, cert: good.ca, key: good.caKey };
    expect((await diagnosisOf(selfSigned)).code).toBe('certificate_self_signed');
  });

  it('of a receiver that wants a certificate of ours', async () => {
    await using tester = await openTester();
    const tls = await makeCertificate();
    await using receiver = await startReceiver({ tls, clientCa: tls.ca });
    const { diagnosis } = await tester.test({ payloadUrl: receiver.url, caCertificate: tls.ca });
    expect(diagnosis).toEqual({
      code: 'client_certificate_refused',
      text: expect.stringContaining(`127.0.0.1:${receiver.port} wants a client certificate`),
    });
  });
});

interface Raw extends AsyncDisposable {
  readonly port: number;
}

/** A server that speaks no HTTP. */
async function startRaw(onSocket: (socket: Socket) => void): Promise<Raw> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket.on('error', () => {}));
    onSocket(socket);
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>(resolve => {
        server.close(() => resolve());
      });
    },
  };
}
