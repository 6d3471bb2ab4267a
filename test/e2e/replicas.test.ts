import { setTimeout as wait } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { startReceiver, type ReceivedRequest } from '../service/receiver.ts';
import { count, query } from './database.ts';
import { openStage } from './stage.ts';

const hungCount = 40;
const rounds = 20;
const perRound = 10;
const roundMs = 100;

it('serves a tenant and loses nothing while another’s receivers hang and one of two replicas is killed', async () => {
  await using stage = await openStage();
  await query(
    stage.databaseUrl,
    `insert into account (id, name, domain_id) values ('other', 'other', 'root')`,
  );
  await using receiver = await startReceiver({ remember: false });
  const arrived = new Map<string, number>();
  let isHung = true;
  receiver.answerWith(request => {
    if (isHung && request.path.startsWith('/hung')) return { instead: 'never' };
    const key = keyOf(request);
    arrived.set(key, (arrived.get(key) ?? 0) + 1);
    return {};
  });
  await stage.addWebhook({ payloadUrl: new URL('healthy', receiver.url).href });
  for (let number = 0; number < hungCount; number += 1) {
    const payloadUrl = new URL(`hung-${number}`, receiver.url).href;
    await stage.addWebhook({ payloadUrl, accountId: 'other' });
  }
  const settings = {
    HOOKLINE_LEASE_TTL_MS: '1000',
    // Longer than the whole test: what hangs holds its request until its process dies or the receiver is cut off.
    HOOKLINE_DISPATCH_TIMEOUT_MS: '60000',
    HOOKLINE_DISPATCH_TIMEOUT_MS_MAX: '60000',
  };
  await using killed = await stage.start(settings);
  await using other = await stage.start(settings);
  for (let round = 0; round < rounds; round += 1) {
    await stage.publishEvents(perRound);
    if (round === rounds / 2) await killed.kill();
    await wait(roundMs);
  }
  const events = rounds * perRound;
  const ofHealthy = (): readonly string[] =>
    [...arrived.keys()].filter(key => key.startsWith('/healthy'));
  await other.until('the healthy webhook to get all', () => ofHealthy().length === events);
  expect([...arrived.keys()].every(key => key.startsWith('/healthy'))).toBe(true);
  isHung = false;
  receiver.cut();
  const owed = events * (1 + hungCount);
  await other.until('every delivery', async () => {
    return (await count(stage.databaseUrl, `delivery where state = 'delivered'`)) === owed;
  });
  const times = [...arrived.values()];
  const doubled = times.reduce((sum, one) => sum + one - 1, 0);
  process.stdout.write(`    owed ${owed}, lost ${owed - arrived.size}, doubled ${doubled}\n`);
  expect(arrived.size).toBe(owed);
  // What the killed one had in flight to the healthy webhook comes again; nothing else does.
  expect(doubled).toBeLessThanOrEqual(64);
  const states = await query(stage.databaseUrl, 'select distinct state from delivery');
  expect(states).toEqual([{ state: 'delivered' }]);
});

function keyOf({ path, headers }: ReceivedRequest): string {
  return `${path} ${String(headers['webhook-id'])}`;
}
