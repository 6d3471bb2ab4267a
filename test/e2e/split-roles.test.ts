import { expect, it } from 'vitest';

import { startReceiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { count } from './database.ts';
import { openStage } from './stage.ts';

it('delivers once what a process that only takes in has recorded, though that one was killed', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver();
  await stage.addWebhook({ payloadUrl: receiver.url });
  const events = 500;
  {
    // Its lease would outlast the test.
    await using intake = stage.spawn({ HOOKLINE_LEASE_TTL_MS: '600000' }, [
      '--roles',
      'ingest,api',
    ]);
    await intake.untilReady();
    await stage.publishEvents(events);
    await intake.until('all to be recorded', async () => {
      return (await count(stage.databaseUrl, 'event')) === events;
    });
    intake.signal('SIGKILL');
    await intake.exited;
  }
  expect(receiver.requests).toHaveLength(0);
  await using dispatching = stage.spawn({}, ['--roles', 'dispatch,api']);
  await dispatching.untilReady();
  await dispatching.until('all to be delivered', async () => {
    return (await count(stage.databaseUrl, `delivery where state = 'delivered'`)) === events;
  });
  expect(new Set(receiver.requests.map(({ body }) => String(body))).size).toBe(events);
  expect(receiver.requests).toHaveLength(events);
});

it('is told of a delivery by the process that recorded it', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver();
  await stage.addWebhook({ payloadUrl: receiver.url });
  await using intake = stage.spawn({}, ['--roles', 'ingest,api']);
  await using dispatching = stage.spawn({}, ['--roles', 'dispatch,api']);
  await Promise.all([intake.untilReady(), dispatching.untilReady()]);
  const events = 200;
  for (let sent = 0; sent < events; sent += 1) {
    await stage.publishEvents(1);
    await waitUntil('it to arrive', () => receiver.requests.length > sent);
  }
  expect(receiver.requests).toHaveLength(events);
});
