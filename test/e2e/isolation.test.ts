import { expect, it } from 'vitest';

import { startReceiver } from '../service/receiver.ts';
import { reservePort } from '../service/service.ts';
import { count } from './database.ts';
import { openStage } from './stage.ts';

it('serves nine webhooks to the end while the tenth hangs on its first attempts', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver();
  receiver.answerWith(({ path }) => (path === '/9' ? { instead: 'never' } : {}));
  const paths = Array.from({ length: 10 }, (_, index) => `/${index}`);
  const ids = new Map<string, string>();
  for (const path of paths) {
    const payloadUrl = new URL(path, receiver.url).href;
    ids.set(path, await stage.addWebhook({ payloadUrl }));
  }
  // The hanging one alone is owed more than the window holds, and many times what the pool does.
  const concurrency = 16;
  const events = 600;
  await using hookline = await stage.start({
    HOOKLINE_DISPATCH_CONCURRENCY: String(concurrency),
    HOOKLINE_DISPATCH_WINDOW_MAX: '400',
    HOOKLINE_DISPATCH_LANE_WAIT_MS: '500',
    HOOKLINE_DISPATCH_TIMEOUT_MS: '600000',
  });
  await stage.publishEvents(events);
  await hookline.until('all but the tenth to be delivered', async () => {
    return (await count(stage.databaseUrl, `delivery where state = 'delivered'`)) === 9 * events;
  });
  const received = Map.groupBy(receiver.requests, ({ path }) => path);
  const counts = paths.slice(0, 9).map(path => received.get(path)?.length);
  expect(counts).toEqual(Array.from({ length: 9 }, () => events));
  const hanging = received.get('/9')?.length ?? 0;
  expect(hanging).toBeGreaterThan(0);
  expect(hanging).toBeLessThanOrEqual(concurrency / 2);
  const attempted = 'delivery where webhook_id = $1 and tries > 0';
  expect(await count(stage.databaseUrl, attempted, [ids.get('/9')])).toBe(0);
});

it('delivers to a receiver that was down once it is back, though Hookline was restarted in between', async () => {
  await using stage = await openStage();
  const port = await reservePort();
  await stage.addWebhook({ payloadUrl: `http://127.0.0.1:${port}/` });
  const events = 50;
  {
    await using hookline = await stage.start();
    await stage.publishEvents(events);
    await hookline.until('each to wait behind the breaker', async () => {
      const isOpen = (await count(stage.databaseUrl, `webhook_health where state = 'open'`)) === 1;
      const waiting = await count(stage.databaseUrl, `delivery where state = 'pending'`);
      return isOpen && waiting === events;
    });
    hookline.signal('SIGTERM');
    await hookline.exited;
  }
  await using receiver = await startReceiver({ port });
  await using hookline = await stage.start();
  await hookline.until('every delivery', async () => {
    return (await count(stage.databaseUrl, `delivery where state = 'delivered'`)) === events;
  });
  // None was attempted before its time, and the outage cost none a try.
  expect(receiver.total()).toBe(events);
  expect(await count(stage.databaseUrl, 'delivery where tries = 1')).toBe(events);
});
