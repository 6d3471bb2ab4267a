/** What a test delivery says of real servers that refuse it: OpenSSL's s_server and nginx. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { App } from '../../src/app.ts';
import type { Diagnosis } from '../../src/outcome/symptoms.ts';
import type { Webhook } from '../../src/webhook/webhook.ts';
import { webhookOf } from '../fixtures/webhook.ts';
import { makeCertificate, type Certificate } from '../service/certificate.ts';
import { startReceiver } from '../service/receiver.ts';
import { freePort, nginxWith, startProgram, startWebServer } from '../service/web-server.ts';
import { account, openDispatchHarness, type DispatchHarness } from './dispatch-harness.ts';

let harness: DispatchHarness;
let app: App;
let good: Certificate;

beforeAll(async () => {
  harness = await openDispatchHarness();
  app = await harness.start({}, async () => [{ address: '127.0.0.1', family: 4 }]);
  good = await makeCertificate();
});
afterAll(async () => harness[Symbol.asyncDispose]());

async function diagnosisOf(
  payloadUrl: string,
  { ca }: Certificate,
  facts: Partial<Webhook> = {},
): Promise<Diagnosis> {
  const webhook = webhookOf({
    accountId: account,
    payloadUrl,
    caCertificate: ca,
    timeoutMs: 5_000,
    ...facts,
  });
  const { diagnosis } = await app.testDelivery({ webhook, eventId: randomUUID() });
  // No words of OpenSSL's own, which name threads and files of its source, and no advice to whoever starts Node.js.
  expect(diagnosis.text).not.toMatch(/:error:|\.c:\d|--use-system-ca|\n/);
  return diagnosis;
}

/** Starts OpenSSL's server. @param options as `openssl s_server` takes them. */
async function startTls({ cert, key, ca }: Certificate, options: string) {
  const directory = await mkdtemp(join(tmpdir(), 'hookline-tls-'));
  for (const [name, text] of Object.entries({ cert, key, ca })) {
    await writeFile(join(directory, name), text);
  }
  const port = await freePort();
  const usual = `s_server -accept 127.0.0.1:${port} -cert cert -key key -www -naccept 99`;
  const args = [...usual.split(' '), ...options.split(' ').filter(word => word !== '')];
  return { port, ...(await startProgram('openssl', args, { port, directory })) };
}

describe('a TLS server', () => {
  it.each<[situation: string, options: string, code: string, text: RegExp]>([
    [
      'of TLS 1.1 alone',
      '-tls1_1 -cipher ALL:@SECLEVEL=0',
      'tls_failed',
      /speaks TLS 1.0 or 1.1 alone.*Let it speak/,
    ],
    [
      'of TLS 1.0 alone',
      '-tls1 -cipher ALL:@SECLEVEL=0',
      'tls_failed',
      /speaks TLS 1.0 or 1.1 alone.*Let it speak/,
    ],
    [
      'without a common cipher',
      '-tls1_2 -cipher ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0',
      'tls_failed',
      /no cipher.*Let it offer/,
    ],
    ['of HTTP/2 alone', '-alpn h2', 'tls_failed', /HTTP\/2 alone.*accept that as well/],
    [
      'for another name',
      '-servername only.test -servername_fatal -cert2 cert -key2 key',
      'tls_failed',
      /does not serve that name.*Correct the name/,
    ],
    [
      'that wants a certificate, TLS 1.3',
      '-tls1_3 -Verify 1 -verify_return_error -CAfile ca',
      'client_certificate_refused',
      /egress\.tls\.certFile/,
    ],
    [
      'that wants a certificate, TLS 1.2',
      '-tls1_2 -Verify 1 -verify_return_error -CAfile ca',
      'tls_failed',
      /client certificate/,
    ],
  ])('%s', async (_, options, code, text) => {
    await using server = await startTls(good, options);
    const diagnosis = await diagnosisOf(`https://localhost:${server.port}/`, good);
    expect(diagnosis).toEqual({ code, text: expect.stringMatching(text) });
  });

  it.each<
    [situation: string, options: Parameters<typeof makeCertificate>[0], code: string, text: RegExp]
  >([
    [
      'for clients',
      { usage: 'clientAuth' },
      'certificate_other_purpose',
      /extendedKeyUsage contains serverAuth/,
    ],
    [
      'for an address as a name',
      { names: 'DNS:127.0.0.1' },
      'certificate_other_host',
      /subjectAltName IP:127\.0\.0\.1/,
    ],
    [
      'for another host',
      { names: 'DNS:other.test' },
      'certificate_other_host',
      /for other\.test, not for 127\.0\.0\.1.*Use such a name/,
    ],
    ['that has expired', { days: -1 }, 'certificate_expired', /Renew it/],
  ])('with a certificate %s', async (_, options, code, text) => {
    const certificate = await makeCertificate(options);
    await using server = await startTls(certificate, '');
    const diagnosis = await diagnosisOf(`https://127.0.0.1:${server.port}/`, certificate);
    expect(diagnosis).toEqual({ code, text: expect.stringMatching(text) });
  });
});

const tls = (port: number, directory: string, rest: string): string =>
  nginxWith(
    directory,
    `server { listen 127.0.0.1:${port} ssl; ssl_certificate cert; ssl_certificate_key key; ${rest} location / { return 200; } }`,
  );
const files = (): Record<string, string> => ({ cert: good.cert, key: good.key, ca: good.ca });

describe('nginx', () => {
  it('that wants a client certificate, and the one that speaks TLS where http: was said', async () => {
    await using server = await startWebServer(
      'nginx',
      (port, directory) => tls(port, directory, `ssl_client_certificate ca; ssl_verify_client on;`),
      files(),
    );
    expect(await diagnosisOf(`https://127.0.0.1:${server.port}/`, good)).toEqual({
      code: 'client_certificate_refused',
      text: expect.stringContaining('egress.tls.certFile'),
    });
    expect(await diagnosisOf(`http://127.0.0.1:${server.port}/`, good)).toEqual({
      code: 'tls_expected',
      text: expect.stringContaining('begin with https:'),
    });
  });

  it('that speaks no TLS, waits in vain, finds nobody, wants a slash, or refuses a size', async () => {
    await using silent = await startReceiver();
    silent.answerWith({ instead: 'never' });
    await using server = await startWebServer('nginx', (port, directory) =>
      nginxWith(
        directory,
        `server { listen 127.0.0.1:${port};
           location /late { proxy_read_timeout 1s; proxy_pass ${silent.url}; }
           location /gone { proxy_pass http://127.0.0.1:1/; }
           location /hook/ { proxy_pass ${silent.url}; }
           location /large { client_max_body_size 1; proxy_pass ${silent.url}; }
         }`,
      ),
    );
    const of = async (path: string, scheme = 'http'): Promise<string> =>
      (await diagnosisOf(`${scheme}://127.0.0.1:${server.port}${path}`, good)).text;
    expect(await of('/', 'https')).toContain('should the URL begin with http:?');
    expect(await of('/late')).toMatch(/504.*Answer first and work afterwards.*same webhook-id/);
    expect(await of('/gone')).toMatch(/502.*see whether it runs.*same webhook-id/);
    expect(await of('/hook')).toMatch(/\/hook\/ with status 301.*only the slash at the end/);
    expect(await of('/large')).toMatch(/413.*raise its limit/);
    expect(await of('/nothing')).toMatch(/status 40[45]/);
  });
});
