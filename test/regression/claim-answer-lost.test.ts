// The connection broke between a claim and its answer: the deliveries were "delivering" as long as the process lived.
import { pino } from 'pino';
import { expect, it } from 'vitest';

import { startApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { startProxy } from '../e2e/proxy.ts';
import { openDispatchHarness } from '../integration/dispatch-harness.ts';
import { startReceiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';

it('a claim whose answer was lost is let go and made again', async () => {
  await using stack = new AsyncDisposableStack();
  const harness = stack.use(await openDispatchHarness());
  const receiver = stack.use(await startReceiver());
  const proxy = stack.use(await startProxy(harness.records.url));
  const store = await openStore(proxy.url);
  stack.defer(async () => store.close());
  const secretKey = Buffer.alloc(32);
  const env = {
    HOOKLINE_DATABASE_URL: proxy.url,
    HOOKLINE_SECRET_KEY: secretKey.toString('base64'),
    HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8',
  };
  const app = await startApp({
    config: loadConfig({ cwd: '/', env }),
    databaseUrl: proxy.url,
    store,
    secretKey,
    roles: ['dispatch'],
    log: pino({ level: 'silent' }),
  });
  stack.defer(async () => app.stop());
  proxy.loseAnswer('commit', `set state = 'delivering'`);
  const eventId = await harness.owe(await harness.webhook(receiver.url));
  await waitUntil('the answer to be lost', () => !proxy.isLosing);
  expect(await harness.settled(eventId, 'delivered')).toMatchObject({ tries: 1 });
});
