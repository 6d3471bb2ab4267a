import { expect, it } from 'vitest';

import { startReceiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { count } from './database.ts';
import { startProxy } from './proxy.ts';
import { openStage } from './stage.ts';

/** Nothing is taken over because a lease has lapsed, and nothing is given away because its turn does not come. */
const patient = { HOOKLINE_LEASE_TTL_MS: '600000', HOOKLINE_DISPATCH_LANE_WAIT_MS: '600000' };

it('ends what is in flight when told to stop, and leaves the rest to another replica at once', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver();
  receiver.answerWith({ delayMs: 1_500 });
  await stage.addWebhook({ payloadUrl: receiver.url });
  const settings = { ...patient, HOOKLINE_DISPATCH_CONCURRENCY: '8' };
  await using leaving = await stage.start(settings);
  await stage.publishEvents(40);
  await leaving.until('the first requests', () => receiver.total() > 0);
  await leaving.until('all to be recorded', async () => {
    return (await count(stage.databaseUrl, 'event')) === 40;
  });
  await using staying = await stage.start(settings);
  leaving.signal('SIGTERM');
  expect(await leaving.exited).toBe('code 0');
  expect(await count(stage.databaseUrl, 'process')).toBe(1);
  receiver.answerWith({});
  await staying.until('every delivery', async () => {
    return (await count(stage.databaseUrl, `delivery where state = 'delivered'`)) === 40;
  });
  expect(receiver.total()).toBe(40);
  expect(receiver.counts.size).toBe(40);
});

it('interrupts what does not end within the grace, which costs no try', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver();
  let hanging = 0;
  receiver.answerWith(() => {
    hanging += 1;
    return { instead: 'never' };
  });
  await stage.addWebhook({ payloadUrl: receiver.url });
  const settings = {
    ...patient,
    HOOKLINE_DISPATCH_CONCURRENCY: '8',
    HOOKLINE_DISPATCH_TRIES: '1',
    HOOKLINE_DISPATCH_TIMEOUT_MS: '600000',
    HOOKLINE_SHUTDOWN_MS: '500',
  };
  await using leaving = await stage.start(settings);
  await stage.publishEvents(20);
  await leaving.until('requests in flight', () => hanging > 0);
  await leaving.until('all to be recorded', async () => {
    return (await count(stage.databaseUrl, 'event')) === 20;
  });
  await using staying = await stage.start(settings);
  receiver.answerWith({});
  leaving.signal('SIGTERM');
  expect(await leaving.exited).toBe('code 0');
  await staying.until('every delivery', async () => {
    return (await count(stage.databaseUrl, `delivery where state = 'delivered'`)) === 20;
  });
  expect(receiver.total()).toBe(20 + hanging);
  expect(await count(stage.databaseUrl, `delivery where tries <> 1`)).toBe(0);
});

it('ends at once when told a second time, and loses nothing by it', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver();
  receiver.answerWith({ instead: 'never' });
  await stage.addWebhook({ payloadUrl: receiver.url });
  const settings = { HOOKLINE_LEASE_TTL_MS: '1000', HOOKLINE_SHUTDOWN_MS: '600000' };
  await using leaving = await stage.start(settings);
  await stage.publishEvents(20);
  await leaving.until('requests in flight', () => receiver.total() > 0);
  leaving.signal('SIGTERM');
  await leaving.until('it to be stopping', () => leaving.logged('hookline.stopping').length > 0);
  leaving.signal('SIGTERM');
  expect(await leaving.exited).toBe('signal SIGTERM');
  receiver.answerWith({});
  await using next = await stage.start(settings);
  await next.until('every delivery', async () => {
    return (await count(stage.databaseUrl, `delivery where state = 'delivered'`)) === 20;
  });
  expect(await count(stage.databaseUrl, 'event')).toBe(20);
  expect(receiver.counts.size).toBe(20);
});

it.each([
  {
    moment: 'has connected to the database',
    // Neither a connection of these tests that is about to end, nor a vacuum.
    sign: `pg_stat_activity where datname = current_database()
      and backend_type = 'client backend' and application_name <> 'hookline test'`,
  },
  { moment: 'has joined the others', sign: 'process' },
])('leaves nothing behind when told to stop as soon as it $moment', async ({ sign }) => {
  await using stage = await openStage();
  await using hookline = stage.spawn(patient);
  await waitUntil('the moment', async () => (await count(stage.databaseUrl, sign)) > 0, 30_000);
  hookline.signal('SIGTERM');
  expect(await hookline.exited).toBe('code 0');
  expect(await count(stage.databaseUrl, 'process')).toBe(0);
});

it('stops when told to while it waits for a database that is away', async () => {
  await using stage = await openStage();
  const databaseUrl = new URL(stage.databaseUrl);
  databaseUrl.port = '9';
  await using hookline = stage.spawn({ HOOKLINE_DATABASE_URL: databaseUrl.href });
  await hookline.until('it to wait', () => hookline.logged('database.awaited').length > 0);
  hookline.signal('SIGTERM');
  expect(await hookline.exited).toBe('code 0');
});

it('stops when told to although the database has fallen silent, and loses nothing', async () => {
  await using stage = await openStage();
  await using proxy = await startProxy(stage.databaseUrl);
  await using receiver = await startReceiver();
  await stage.addWebhook({ payloadUrl: receiver.url });
  const settings = { HOOKLINE_LEASE_TTL_MS: '1000', HOOKLINE_SHUTDOWN_MS: '500' };
  await using leaving = await stage.start({ ...settings, HOOKLINE_DATABASE_URL: proxy.url });
  proxy.freeze();
  await stage.publishEvents(20);
  leaving.signal('SIGTERM');
  expect(await leaving.until('it to end', () => leaving.ended)).toBe('code 1');
  await using next = await stage.start(settings);
  await next.until('every delivery', async () => {
    return (await count(stage.databaseUrl, `delivery where state = 'delivered'`)) === 20;
  });
  expect(await count(stage.databaseUrl, 'event')).toBe(20);
});
