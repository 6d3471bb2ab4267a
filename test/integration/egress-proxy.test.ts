import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { Lookup } from '../../src/dispatch/egress/guard.ts';
import { makeCertificate } from '../service/certificate.ts';
import { startProxy, type Tunnel } from '../service/proxy.ts';
import { startReceiver } from '../service/receiver.ts';
import { openDispatchHarness, tenant, type DispatchHarness } from './dispatch-harness.ts';

const once = { tries: 1, timeoutMs: 3_000 };

const resolvesTo =
  (address: string): Lookup =>
  async () => [{ address, family: 4 }];

const portOf = ({ authority }: Tunnel): { port: number } => ({
  port: Number(authority.replace(/^.*:/, '')),
});

async function deliver(harness: DispatchHarness, webhookId: string): Promise<string | null> {
  return (await harness.tried(await harness.owe(webhookId))).error;
}

describe('behind a proxy, a delivery', () => {
  it('goes through a tunnel to the address that was judged, and keeps the receiver’s name', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    await using proxy = await startProxy({ lead: portOf });
    const url = proxy.url.replace('//', '//ho%40ok:l%3Aine@');
    await harness.start({ HOOKLINE_EGRESS_PROXY_URL: url }, resolvesTo('127.0.0.1'));
    const webhookId = await harness.webhook(`http://receiver.test:${receiver.port}/x`);
    expect(await deliver(harness, webhookId)).toBeNull();
    expect(await deliver(harness, webhookId)).toBeNull();
    expect(receiver.requests[0]).toMatchObject({
      path: '/x',
      headers: { host: `receiver.test:${receiver.port}` },
    });
    expect(receiver.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
    // The second one took the same connection.
    expect(proxy.tunnels.map(({ authority }) => authority)).toEqual([`127.0.0.1:${receiver.port}`]);
    const credentials = Buffer.from('ho@ok:l:ine').toString('base64');
    expect(proxy.tunnels[0]?.headers['proxy-authorization']).toBe(`Basic ${credentials}`);
  });

  it('speaks TLS with the receiver within the tunnel, by the receiver’s name', async () => {
    await using harness = await openDispatchHarness();
    const tls = await makeCertificate();
    await using receiver = await startReceiver({ tls });
    await using proxy = await startProxy({ lead: portOf });
    const environment = { HOOKLINE_EGRESS_PROXY_URL: proxy.url };
    await harness.start(environment, resolvesTo('127.0.0.1'));
    const facts = { ...once, caCertificate: tls.ca };
    const named = await harness.webhook(`https://localhost:${receiver.port}/`, facts);
    expect(await deliver(harness, named)).toBeNull();
    const misnamed = await harness.webhook(`https://other.test:${receiver.port}/`, facts);
    expect(await deliver(harness, misnamed)).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID/);
    const unknown = await harness.webhook(`https://localhost:${receiver.port}/2`, once);
    expect(await deliver(harness, unknown)).toMatch(/certificate/);
  });

  it('to a closed address is refused here, and the proxy is not asked', async () => {
    await using harness = await openDispatchHarness();
    await using proxy = await startProxy({ lead: portOf });
    await harness.start(
      { HOOKLINE_EGRESS_PROXY_URL: proxy.url, HOOKLINE_EGRESS_ALLOW: '' },
      resolvesTo('127.0.0.1'),
    );
    for (const url of ['http://name.test/', 'https://name.test/', 'http://127.1/']) {
      expect(await deliver(harness, await harness.webhook(url, once))).toBe(
        'blocked by egress rule loopback (127.0.0.0/8)',
      );
    }
    expect(proxy.tunnels).toEqual([]);
  });

  it('of a tenant never takes the connection a root admin’s webhook may have to a private address', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    await using proxy = await startProxy({ lead: () => ({ port: receiver.port }) });
    await harness.start({ HOOKLINE_EGRESS_PROXY_URL: proxy.url });
    const url = 'http://10.1.2.3/hook';
    const roots = await harness.webhook(url, once);
    const tenants = await harness.webhook(url, { ...once, accountId: tenant });
    expect(await deliver(harness, roots)).toBeNull();
    expect(await deliver(harness, tenants)).toBe('blocked by egress rule private (10.0.0.0/8)');
    expect(await deliver(harness, roots)).toBeNull();
    expect(receiver.total()).toBe(2);
    expect(proxy.tunnels.map(({ authority }) => authority)).toEqual(['10.1.2.3:80']);
  });

  it('follows its owner into another domain at once', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    await using proxy = await startProxy({ lead: () => ({ port: receiver.port }) });
    await harness.start({ HOOKLINE_EGRESS_PROXY_URL: proxy.url });
    const webhookId = await harness.webhook('http://10.1.2.3/', { ...once, accountId: tenant });
    const moved = async (domain: string, error: string | null): Promise<void> => {
      await harness.records.rows(
        `update account set domain_id = '${domain}' where id = '${tenant}'`,
      );
      await expect.poll(() => deliver(harness, webhookId), { timeout: 10_000 }).toBe(error);
    };
    await moved('root', null);
    await moved('below', 'blocked by egress rule private (10.0.0.0/8)');
  });

  it('of a tenant reaches the private ranges an admin allows its domain, as long as it is so', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    await using proxy = await startProxy({ lead: () => ({ port: receiver.port }) });
    await harness.start({ HOOKLINE_EGRESS_PROXY_URL: proxy.url });
    const facts = { ...once, accountId: tenant };
    const inside = await harness.webhook('http://10.1.2.3/', facts);
    const beside = await harness.webhook('http://10.2.0.1/', facts);
    const blocked = 'blocked by egress rule private (10.0.0.0/8)';
    const becomes = async (statement: string, error: string | null): Promise<void> => {
      await harness.records.rows(statement);
      await expect.poll(() => deliver(harness, inside), { timeout: 10_000 }).toBe(error);
    };
    expect(await deliver(harness, inside)).toBe(blocked);
    await becomes(
      `insert into setting (scope, scope_id, name, value)
        values ('domain', 'below', 'webhook.egress.private.ranges', '10.1.0.0/16')`,
      null,
    );
    expect(await deliver(harness, beside)).toBe(blocked);
    await becomes(`update setting set value = 'none'`, blocked);
    await becomes(`update setting set scope = 'global', scope_id = '', value = '10.0.0.0/8'`, null);
    await becomes('delete from setting', blocked);
  });

  it('to a receiver that NO_PROXY names goes directly', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    await using proxy = await startProxy({ lead: portOf });
    await harness.start(
      {
        HOOKLINE_EGRESS_PROXY_URL: proxy.url,
        HOOKLINE_EGRESS_PROXY_NO_PROXY: `.direct.test, 127.0.0.0/8`,
      },
      resolvesTo('127.0.0.1'),
    );
    for (const host of ['127.0.0.1', 'a.direct.test']) {
      const webhookId = await harness.webhook(`http://${host}:${receiver.port}/`, once);
      expect(await deliver(harness, webhookId)).toBeNull();
    }
    expect(proxy.tunnels).toEqual([]);
  });

  it('may leave names to the proxy, but no address', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    await using proxy = await startProxy({ lead: portOf });
    await harness.start(
      {
        HOOKLINE_EGRESS_PROXY_URL: proxy.url,
        HOOKLINE_EGRESS_PROXY_RESOLVE: 'proxy',
        HOOKLINE_EGRESS_ALLOW: '',
      },
      async hostname => {
        throw new Error(`${hostname} is not known here`);
      },
    );
    const named = await harness.webhook(`http://inside.test:${receiver.port}/`, once);
    expect(await deliver(harness, named)).toBeNull();
    expect(proxy.tunnels[0]?.authority).toBe(`inside.test:${receiver.port}`);
    const literal = await harness.webhook(`http://[::1]:${receiver.port}/`, once);
    expect(await deliver(harness, literal)).toBe('blocked by egress rule loopback (::1/128)');
  });

  it('says what the proxy said, or that there is none', async () => {
    await using harness = await openDispatchHarness();
    await using proxy = await startProxy({
      lead: ({ authority }) => (authority.endsWith(':81') ? 'never' : { status: 407 }),
    });
    const app = await harness.start({ HOOKLINE_EGRESS_PROXY_URL: proxy.url });
    const error = async (url: string, timeoutMs: number): Promise<string | null> =>
      deliver(harness, await harness.webhook(url, { ...once, timeoutMs }));
    expect(await error('http://8.8.8.8/', 3_000)).toBe(
      'the proxy answered 407 to CONNECT 8.8.8.8:80',
    );
    expect(await error('https://[2a00::1]/', 3_000)).toBe(
      'the proxy answered 407 to CONNECT [2a00::1]:443',
    );
    expect(await error('http://8.8.8.8:81/', 300)).toBe('no response within 300 ms');
    await app.stop();
    await proxy[Symbol.asyncDispose]();
    await harness.start({ HOOKLINE_EGRESS_PROXY_URL: proxy.url });
    expect(await error(`http://8.8.8.8/${randomUUID()}`, 3_000)).toMatch(
      /^the proxy cannot be used: connect ECONNREFUSED 127\.0\.0\.1:\d+$/,
    );
  });

  it('trusts the installation’s authorities at a proxy that speaks TLS', async () => {
    await using harness = await openDispatchHarness();
    const tls = await makeCertificate();
    await using receiver = await startReceiver();
    await using proxy = await startProxy({ tls, lead: portOf });
    await using ca = await keepFile(tls.ca);
    const environment = { HOOKLINE_EGRESS_PROXY_URL: proxy.url };
    const webhookId = await harness.webhook(receiver.url, once);
    const strict = await harness.start(environment);
    expect(await deliver(harness, webhookId)).toMatch(/^the proxy cannot be used: .*certificate/);
    await strict.stop();
    await harness.start({ ...environment, HOOKLINE_EGRESS_TLS_CA_FILE: ca.path });
    expect(await deliver(harness, webhookId)).toBeNull();
    expect(proxy.tunnels).toHaveLength(1);
  });
});

async function keepFile(text: string): Promise<AsyncDisposable & { readonly path: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'hookline-egress-'));
  const path = join(directory, 'ca.pem');
  await writeFile(path, text);
  return {
    path,
    [Symbol.asyncDispose]: async () => rm(directory, { recursive: true }),
  };
}
