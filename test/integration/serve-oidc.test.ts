/** The OpenID provider in the composed program: configured, over TLS with an authority of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { expect, it } from 'vitest';

import { loadConfig } from '../../src/config/load/load.ts';
import { serve } from '../../src/serve.ts';
import { makeCertificate } from '../service/certificate.ts';
import { clientId, clientSecret, startOpenIdProvider } from '../service/openid-provider.ts';
import { createTestDatabase } from '../service/shared.ts';

it('sends a browser to the provider it was configured with, and trusts its certificate or an authority above it if told so', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'hookline-oidc-'));
  stack.defer(() => rmSync(directory, { recursive: true }));
  const certificate = await makeCertificate({ isIssued: true });
  for (const name of ['ca', 'issuing', 'leaf'] as const) {
    writeFileSync(join(directory, `${name}.pem`), certificate[name]);
  }
  const homeUrl = 'https://hookline.test/';
  const redirectUrl = `${homeUrl}v1/oidc/callback`;
  const provider = stack.use(await startOpenIdProvider({ redirectUrl, homeUrl, certificate }));
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: line => void lines.push(line) });

  async function askWith(more: Record<string, string>): Promise<Response> {
    const config = loadConfig({
      env: {
        HOOKLINE_DATABASE_URL: database.url,
        HOOKLINE_SECRET_KEY: Buffer.alloc(32).toString('base64'),
        HOOKLINE_HTTP_PORT: '0',
        HOOKLINE_HTTP_PUBLIC_URL: homeUrl,
        HOOKLINE_OIDC_ISSUER: provider.issuer,
        HOOKLINE_OIDC_CLIENT_ID: clientId,
        HOOKLINE_OIDC_CLIENT_SECRET: clientSecret,
        HOOKLINE_OIDC_RULES: '[{"value":"operators","role":"Admin"}]',
        ...more,
      },
      cwd: directory,
    });
    const { signal } = new AbortController();
    const served = await serve({ config, roles: ['api'], log, signal });
    try {
      return await fetch(`${served.url}/v1/oidc/login`, { redirect: 'manual' });
    } finally {
      await served.stop();
    }
  }

  const trusted = await askWith({ HOOKLINE_OIDC_CA_FILE: 'ca.pem' });
  expect(trusted.status).toBe(302);
  expect(trusted.headers.get('location')).toContain(`${provider.issuer}/auth?`);
  for (const file of ['issuing.pem', 'leaf.pem']) {
    expect((await askWith({ HOOKLINE_OIDC_CA_FILE: file })).status).toBe(302);
  }
  const untrusted = await askWith({});
  expect(untrusted.status).toBe(503);
  expect(lines.join('')).toContain('unable to get local issuer certificate');
  expect(lines.join('')).not.toContain(clientSecret);
});
