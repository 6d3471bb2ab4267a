import { expect, it } from 'vitest';

import { startReceiver } from '../service/receiver.ts';
import { count, query } from './database.ts';
import { openStage } from './stage.ts';

const leaseTtlMs = 1_000;
const settings = {
  HOOKLINE_LEASE_TTL_MS: String(leaseTtlMs),
  HOOKLINE_DISPATCH_TRIES: '100',
  HOOKLINE_DISPATCH_BACKOFF_BASE_MS: '100',
  HOOKLINE_DISPATCH_BACKOFF_CAP_MS: '500',
};

it('delivers everything when a process stands still again and again until it is taken for dead', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver({ remember: false });
  receiver.answerWith({ status: 503 });
  await stage.addWebhook({ payloadUrl: receiver.url });
  await using dozing = await stage.start(settings);
  // It only takes over: what it writes down as due is there for the other one to claim, too early or in time.
  await using watching = stage.spawn(settings, ['--roles', 'api']);
  await watching.untilReady();
  const rounds = 8;
  const share = 50;
  // Hookline itself records that the webhook is failing.
  const ofCloud = `event where source <> 'hookline'`;
  for (let round = 0; round < rounds; round += 1) {
    await stage.publishEvents(share);
    await dozing.until('all to be recorded', async () => {
      return (await count(stage.databaseUrl, ofCloud)) === (round + 1) * share;
    });
    dozing.signal('SIGSTOP');
    await watching.until('the take-over', () => {
      return watching.logged('process.taken_over').length > round;
    });
    dozing.signal('SIGCONT');
    await dozing.until('it to notice', () => dozing.logged('lease.lost').length > round);
  }
  receiver.answerWith({});
  const all = rounds * share;
  await dozing.until('every delivery', async () => {
    return (await count(stage.databaseUrl, `delivery where state = 'delivered'`)) >= all;
  });
  const states = await query(stage.databaseUrl, 'select distinct state from delivery');
  expect(states).toEqual([{ state: 'delivered' }]);
  expect(await count(stage.databaseUrl, ofCloud)).toBe(all);
  expect(receiver.counts.size).toBe(all);
});

it('delivers what a killed process owed once its lease has lapsed', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver({ remember: false });
  receiver.answerWith({ instead: 'never' });
  await stage.addWebhook({ payloadUrl: receiver.url });
  // No more than a receiver that has not answered yet may have in memory: no row says that anything is owed.
  const events = 50;
  await using killed = await stage.start({
    ...settings,
    HOOKLINE_DISPATCH_LANE_WAIT_MS: '600000',
    // Longer than the other takes to start, on a machine that has other things to do.
    HOOKLINE_DISPATCH_TIMEOUT_MS: '600000',
  });
  await stage.publishEvents(events);
  await killed.until('all to be recorded and some under way', async () => {
    return (await count(stage.databaseUrl, 'event')) === events && receiver.total() > 0;
  });
  await using other = await stage.start(settings);
  expect(await count(stage.databaseUrl, 'delivery')).toBe(0);
  await killed.kill();
  receiver.answerWith({});
  await other.until('every delivery', async () => {
    return (await count(stage.databaseUrl, `delivery where state = 'delivered'`)) === events;
  });
  expect(receiver.counts.size).toBe(events);
  expect(await count(stage.databaseUrl, 'process')).toBe(1);
});

const idsOf = (body: Buffer): readonly string[] =>
  JSON.parse(body.toString()).map(({ id }: { id: string }) => id);

it('delivers all but the refused event of a batch whose process is killed while it is halved', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver();
  let guilty: string | undefined;
  let isHeld = true;
  receiver.answerWith(({ body }) => {
    const ids = idsOf(body);
    guilty ??= ids[7];
    if (isHeld && ids.length < 10) return { instead: 'never' };
    return { status: guilty !== undefined && ids.includes(guilty) ? 400 : 200 };
  });
  await stage.addWebhook({ payloadUrl: receiver.url });
  const batch = '{"eventsMax":50,"waitMs":2000,"as":"array","gzip":false}';
  await query(stage.databaseUrl, `update webhook set format = 'envelope', batch = '${batch}'`);
  const once = { ...settings, HOOKLINE_DISPATCH_TRIES: '1' };
  await using killed = await stage.start({ ...once, HOOKLINE_DISPATCH_TIMEOUT_MS: '30000' });
  const events = 50;
  await stage.publishEvents(events);
  await killed.until('a small part to be under way', () =>
    receiver.requests.some(({ body }) => idsOf(body).length < 10),
  );
  await using other = await stage.start(once);
  await killed.kill();
  isHeld = false;
  await other.until('every delivery to have ended', async () => {
    const ended = `delivery where state in ('delivered', 'failed')`;
    return (await count(stage.databaseUrl, ended)) >= events;
  });
  const failed = await query(
    stage.databaseUrl,
    `select event_id, tries, status from delivery where state = 'failed'`,
  );
  expect(failed).toEqual([{ event_id: guilty, tries: 1, status: 400 }]);
  expect(new Set(receiver.requests.flatMap(({ body }) => idsOf(body))).size).toBe(events);
});
