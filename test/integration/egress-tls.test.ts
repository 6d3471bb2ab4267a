import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { makeCertificate, type Certificate } from '../service/certificate.ts';
import { hasValidSignature, startReceiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openDispatchHarness, type DispatchHarness } from './dispatch-harness.ts';

const once = { tries: 1, timeoutMs: 3_000 };

async function deliver(harness: DispatchHarness, webhookId: string): Promise<string | null> {
  return (await harness.tried(await harness.owe(webhookId))).error;
}

describe('a webhook with an authority of its own', () => {
  it('trusts that one alone', async () => {
    await using harness = await openDispatchHarness();
    const [tls, other] = await Promise.all([
      makeCertificate({ isIssued: true }),
      makeCertificate(),
    ]);
    await using receiver = await startReceiver({ tls });
    await harness.start();
    const error = async (path: string, caCertificate?: string): Promise<string | null> =>
      deliver(
        harness,
        await harness.webhook(`${receiver.url}${path}`, {
          ...once,
          ...(caCertificate !== undefined && { caCertificate }),
        }),
      );
    expect(await error('right', tls.ca)).toBeNull();
    expect(await error('both', `${other.ca}\n${tls.ca}`)).toBeNull();
    expect(await error('issuing', tls.issuing)).toBeNull();
    expect(await error('own', tls.leaf)).toBeNull();
    expect(await error('other', other.ca)).toMatch(/certificate/);
    expect(await error('otherOwn', other.leaf)).toMatch(/certificate/);
    expect(await error('none')).toMatch(/certificate/);
    expect(await error('nonsense', 'nonsense')).toMatch(/PEM|certificate/i);
    expect(receiver.total()).toBe(4);
  });

  it('still wants the certificate to be the receiver’s', async () => {
    await using harness = await openDispatchHarness();
    const tls = await makeCertificate();
    await using receiver = await startReceiver({ tls });
    await harness.start({}, async () => [{ address: '127.0.0.1', family: 4 }]);
    const facts = { ...once, caCertificate: tls.ca };
    const misnamed = await harness.webhook(`https://other.test:${receiver.port}/`, facts);
    expect(await deliver(harness, misnamed)).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID/);
    const named = await harness.webhook(`https://localhost:${receiver.port}/`, facts);
    expect(await deliver(harness, named)).toBeNull();
  });
});

describe('the installation’s certificates', () => {
  it('add an authority, and are shown to receivers that ask for one', async () => {
    await using harness = await openDispatchHarness();
    const [tls, client] = await Promise.all([makeCertificate(), makeCertificate()]);
    await using receiver = await startReceiver({ tls, clientCa: client.ca });
    await using files = await keepFiles(tls, client);
    const webhookId = await harness.webhook(receiver.url, once);
    const without = await harness.start({ HOOKLINE_EGRESS_TLS_CA_FILE: files.ca });
    expect(await deliver(harness, webhookId)).not.toBeNull();
    await without.stop();
    await harness.start({
      HOOKLINE_EGRESS_TLS_CA_FILE: files.ca,
      HOOKLINE_EGRESS_TLS_CERT_FILE: files.cert,
      HOOKLINE_EGRESS_TLS_KEY_FILE: files.key,
    });
    expect(await deliver(harness, webhookId)).toBeNull();
    const own = await harness.webhook(`${receiver.url}own`, { ...once, caCertificate: tls.ca });
    expect(await deliver(harness, own)).toBeNull();
  });

  it.each(['issuing', 'leaf'] as const)('add what is no root: %s', async which => {
    await using harness = await openDispatchHarness();
    const tls = await makeCertificate({ isIssued: true });
    await using receiver = await startReceiver({ tls });
    await using files = await keepFiles({ ...tls, ca: tls[which] }, tls);
    await harness.start({ HOOKLINE_EGRESS_TLS_CA_FILE: files.ca });
    expect(await deliver(harness, await harness.webhook(receiver.url, once))).toBeNull();
  });

  it('stop the start when they do not belong together', async () => {
    await using harness = await openDispatchHarness();
    const [tls, client] = await Promise.all([makeCertificate(), makeCertificate()]);
    await using files = await keepFiles(tls, { ...client, key: tls.key });
    await expect(
      harness.start({
        HOOKLINE_EGRESS_TLS_CERT_FILE: files.cert,
        HOOKLINE_EGRESS_TLS_KEY_FILE: files.key,
      }),
    ).rejects.toThrow(/^egress\.tls: expected certificates and the key of certFile/);
  });
});

describe('a webhook’s own headers', () => {
  it('are sent beside ours', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    await harness.start();
    const headers = { Authorization: 'Bearer abc', 'X-Tenant': 'a b' };
    const webhookId = await harness.webhook(receiver.url, { headers, secret: 's3cret' });
    await harness.settled(await harness.owe(webhookId), 'delivered');
    const [request] = receiver.requests;
    if (!request) throw new RangeError('a delivery arrived');
    expect(request.headers).toMatchObject({ authorization: 'Bearer abc', 'x-tenant': 'a b' });
    expect(hasValidSignature(request, 's3cret')).toBe(true);
  });

  it('cannot replace ours, not even when they are written in plain SQL', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    await harness.start();
    const headers = { 'x-cs-signature': 'forged' };
    const webhookId = await harness.webhook(receiver.url, { headers });
    const eventId = await harness.owe(webhookId);
    const row = await waitUntil('the reason', async () => {
      const now = await harness.delivery(eventId);
      return now.error !== null && now;
    });
    expect(row).toMatchObject({
      state: 'pending',
      tries: 0,
      error: 'the header x-cs-signature is set by Hookline',
    });
    expect(receiver.total()).toBe(0);
  });
});

interface Files extends AsyncDisposable {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

async function keepFiles({ ca }: Certificate, { cert, key }: Certificate): Promise<Files> {
  const directory = await mkdtemp(join(tmpdir(), 'hookline-egress-'));
  const keep = async (name: string, text: string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  };
  return {
    ca: await keep('ca.pem', ca),
    cert: await keep('cert.pem', cert),
    key: await keep('key.pem', key),
    [Symbol.asyncDispose]: async () => rm(directory, { recursive: true }),
  };
}
