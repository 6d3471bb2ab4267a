/** nginx and HAProxy as people run them, in front of Hookline. */
import { describe, expect, it } from 'vitest';

import { startDelayLine } from '../service/delay-line.ts';
import { deliverAtIdleLimit } from '../service/idle-limit.ts';
import { startReceiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { idleHaproxy, idleNginx, nginxWith, startWebServer } from '../service/web-server.ts';
import { openDispatchHarness } from './dispatch-harness.ts';

describe.concurrent('a connection that its server closes after a second', () => {
  it.each([
    ['nginx', idleNginx],
    ['HAProxy', idleHaproxy],
  ])('fails no attempt at %s, beside it and 25 ms away', async (_, start) => {
    await using server = await start();
    await using line = await startDelayLine(server.port, 25);
    const run = { idleMs: 1_000, webhooks: 20, deliveries: 12 };
    const results = await Promise.all([
      deliverAtIdleLimit({ ...run, port: server.port }),
      deliverAtIdleLimit({ ...run, port: line.port }),
    ]);
    for (const { delivered, failed, p99Ms } of results) {
      expect(failed).toEqual([]);
      expect(delivered).toBe(240);
      // A wide margin: a wait for another try would be seconds.
      expect(p99Ms).toBeLessThan(1_000);
    }
  });
});

describe('nginx', () => {
  it('that lets through 20 requests a second gets all of 30 events, at the cost of no further try', async () => {
    await using receiver = await startReceiver();
    await using server = await startWebServer('nginx', (port, directory) =>
      nginxWith(
        directory,
        `limit_req_zone $server_port zone=z:1m rate=20r/s;
         server { listen 127.0.0.1:${port}; location / { limit_req zone=z; proxy_pass ${receiver.url}; } }`,
      ),
    );
    await using harness = await openDispatchHarness();
    await harness.start();
    const webhookId = await harness.webhook(`http://127.0.0.1:${server.port}/`, { tries: 2 });
    for (let count = 0; count < 30; count += 1) await harness.owe(webhookId);
    await receiver.waitForDistinct(30, 25_000);
    const rows = await waitUntil('all to be delivered', async () => {
      const found = await harness.records.rows<{ state: string; tries: number }>(
        'select distinct state, tries from delivery',
      );
      return found.every(({ state }) => state === 'delivered') && found;
    });
    expect(rows).toEqual([{ state: 'delivered', tries: 1 }]);
    expect(receiver.total()).toBe(30);
  });
});
