import { describe, expect, it } from 'vitest';

import type { Lookup } from '../../src/dispatch/egress/guard.ts';
import { startReceiver } from '../service/receiver.ts';
import { openDispatchHarness, type DispatchHarness } from './dispatch-harness.ts';

const closed = { HOOKLINE_EGRESS_ALLOW: '' };
const once = { tries: 1 };

/** A name server that knows these names. */
function names(known: Readonly<Record<string, readonly string[]>>): Lookup {
  return async hostname => {
    const addresses = known[hostname];
    if (!addresses) throw new Error(`getaddrinfo ENOTFOUND ${hostname}`);
    return addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
}

async function errorOf(harness: DispatchHarness, url: string): Promise<string | null> {
  return (await harness.tried(await harness.owe(await harness.webhook(url, once)))).error;
}

describe('the egress guard', () => {
  it('refuses loopback in every spelling, by the rule’s name, and the receiver hears nothing', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    await harness.start(closed);
    const { port } = receiver;
    const ipv4 = 'blocked by egress rule loopback (127.0.0.0/8)';
    const hosts = [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
    ];
    const errors = await Promise.all(
      hosts.map(async host => errorOf(harness, `http://${host}:${port}/`)),
    );
    expect(errors).toEqual(hosts.map(() => ipv4));
    expect(await errorOf(harness, `http://[::1]:${port}/`)).toBe(
      'blocked by egress rule loopback (::1/128)',
    );
    expect(await errorOf(harness, `http://0:${port}/`)).toBe(
      'blocked by egress rule unspecified (0.0.0.0/8)',
    );
    expect(await errorOf(harness, `http://localhost:${port}/`)).toMatch(
      /^blocked by egress rule loopback \((127\.0\.0\.0\/8|::1\/128)\)$/,
    );
    expect(receiver.total()).toBe(0);
  });

  it('leads nothing back to Hookline itself, at any of its names, whatever is allowed', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const { port } = receiver;
    const environment = {
      HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8,::1/128',
      HOOKLINE_HTTP_PORT: String(port),
      HOOKLINE_HTTP_PUBLIC_URL: `http://hookline.test:${port}`,
    };
    await harness.start(
      environment,
      names({
        'own.test': ['127.0.0.1'],
        'other.test': ['127.8.8.8'],
        'hookline.test': ['8.8.8.8'],
        'hookline.test.': ['8.8.8.8'],
      }),
    );
    const hosts = ['127.0.0.1', '[::1]', '0x7f000001', '127.9.9.9', 'own.test', 'other.test'];
    const urls = [...hosts, 'hookline.test', 'HOOKLINE.test.'].map(
      host => `http://${host}:${port}/v1/in/source`,
    );
    const errors = await Promise.all(urls.map(async url => errorOf(harness, url)));
    expect(errors).toEqual(urls.map(() => 'blocked by egress rule own service (this Hookline)'));
    expect(receiver.total()).toBe(0);
  });

  it('lets through what is at the address of its public URL under another name', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const { port } = receiver;
    await harness.start(
      { HOOKLINE_HTTP_PUBLIC_URL: `http://hookline.test:${port}` },
      names({ 'hookline.test': ['127.0.0.1'], 'beside.test': ['127.0.0.1'] }),
    );
    expect(await errorOf(harness, `http://beside.test:${port}/`)).toBeNull();
    expect(await errorOf(harness, `http://hookline.test:${port}/`)).toBe(
      'blocked by egress rule own service (this Hookline)',
    );
    expect(receiver.total()).toBe(1);
  });

  it('goes by what a name resolves to', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const { port } = receiver;
    const app = await harness.start(
      { HOOKLINE_EGRESS_ALLOW: '', HOOKLINE_EGRESS_DENY: '8.8.8.0/24' },
      names({
        'loopback.test': ['127.0.0.1'],
        'metadata.test': ['169.254.169.254'],
        'mapped.test': ['::ffff:169.254.169.254'],
        'nat64.test': ['64:ff9b::7f00:1'],
        'zone.test': ['fe80::1%eth0'],
        'denied.test': ['8.8.8.8'],
        'nowhere.test': [],
        'nonsense.test': ['nonsense'],
      }),
    );
    const known = ['loopback', 'metadata', 'mapped', 'nat64', 'zone', 'denied', 'nonsense'];
    const errors = await Promise.all(
      known.map(async name => [name, await errorOf(harness, `http://${name}.test:${port}/`)]),
    );
    expect(Object.fromEntries(errors)).toEqual({
      loopback: 'blocked by egress rule loopback (127.0.0.0/8)',
      metadata: 'blocked by egress rule link-local (169.254.0.0/16)',
      mapped: 'blocked by egress rule link-local (169.254.0.0/16)',
      nat64: 'blocked by egress rule loopback (127.0.0.0/8)',
      zone: 'blocked by egress rule link-local (fe80::/10)',
      denied: 'blocked by egress rule deny (8.8.8.0/24)',
      nonsense: 'blocked by egress rule reserved (not an address)',
    });
    expect(await errorOf(harness, `http://nowhere.test:${port}/`)).toBe(
      'nowhere.test has no address',
    );
    expect(await errorOf(harness, 'http://unknown.test/')).toBe(
      'getaddrinfo ENOTFOUND unknown.test',
    );
    expect(receiver.total()).toBe(0);
    expect(await app.metrics.registry.metrics()).toContain(
      'hookline_egress_blocked_total{rule="link-local"} 3',
    );
  });

  it('connects only to those addresses of a name that are open, and keeps the name in Host', async () => {
    await using harness = await openDispatchHarness();
    await using trap = await startReceiver({ host: '127.0.0.1' });
    const { port } = trap;
    await using receiver = await startReceiver({ host: '127.0.0.2', port });
    await harness.start(
      { HOOKLINE_EGRESS_ALLOW: '127.0.0.2/32' },
      names({ 'both.test': ['127.0.0.1', '127.0.0.2', '::1'] }),
    );
    const webhookId = await harness.webhook(`http://both.test:${port}/`);
    await harness.settled(await harness.owe(webhookId), 'delivered');
    expect(receiver.requests[0]?.headers.host).toBe(`both.test:${port}`);
    expect(trap.total()).toBe(0);
  });

  it('asks for a name once for each connection, so that a second answer changes nothing in between', async () => {
    await using harness = await openDispatchHarness();
    await using trap = await startReceiver({ host: '127.0.0.1' });
    const { port } = trap;
    await using receiver = await startReceiver({ host: '127.0.0.2', port });
    receiver.answerWith({ headers: { connection: 'close' } });
    let asked = 0;
    const rebinding: Lookup = async () => {
      asked += 1;
      return [{ address: asked % 2 === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }];
    };
    await harness.start({ HOOKLINE_EGRESS_ALLOW: '127.0.0.2/32' }, rebinding);
    const url = `http://rebinding.test:${port}/`;
    const webhookId = await harness.webhook(url, once);
    await harness.settled(await harness.owe(webhookId), 'delivered');
    expect(asked).toBe(1);
    const second = await harness.settled(await harness.owe(webhookId), 'failed');
    expect(second.error).toBe('blocked by egress rule loopback (127.0.0.0/8)');
    expect(asked).toBe(2);
    expect([receiver.total(), trap.total()]).toEqual([1, 0]);
  });

  it('is not asked again while a connection is kept', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    let asked = 0;
    const counting: Lookup = async () => {
      asked += 1;
      return [{ address: '127.0.0.1', family: 4 }];
    };
    await harness.start({}, counting);
    const webhookId = await harness.webhook(`http://kept.test:${receiver.port}/`);
    for (let sent = 0; sent < 5; sent += 1) {
      await harness.settled(await harness.owe(webhookId), 'delivered');
    }
    expect(asked).toBe(1);
  });

  it('never lets a webhook reach Hookline’s own database, whatever is allowed', async () => {
    await using harness = await openDispatchHarness();
    const { port } = new URL(harness.records.url);
    const everything = { HOOKLINE_EGRESS_ALLOW: '0.0.0.0/0,::/0' };
    await harness.start(everything, names({ 'database.test': ['::1', '127.0.0.1'] }));
    const hosts = ['127.0.0.1', '127.0.0.2', '[::1]', '0.0.0.0', '[::]', 'database.test'];
    const errors = await Promise.all(
      hosts.map(async host => errorOf(harness, `http://${host}:${port}/`)),
    );
    expect(errors).toEqual(hosts.map(() => 'blocked by egress rule own service (the database)'));
  });

  it('refuses an attempt, not the delivery: it is tried again like any other failure', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    let answer = '169.254.169.254';
    await harness.start({}, async () => {
      const now = answer;
      answer = '127.0.0.1';
      return [{ address: now, family: 4 }];
    });
    const webhookId = await harness.webhook(`http://moving.test:${receiver.port}/`, { tries: 3 });
    const row = await harness.settled(await harness.owe(webhookId), 'delivered');
    expect(row.tries).toBe(2);
    expect(await harness.records.rows('select number, error from attempt')).toEqual([
      { number: 1, error: 'blocked by egress rule link-local (169.254.0.0/16)' },
    ]);
  });
});
