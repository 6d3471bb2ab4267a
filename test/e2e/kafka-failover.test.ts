/**
 * A primary dies whose standby lags behind, while Hookline reads Kafka; later an operator sets the group back. With
 * `fromBeginning` false, so that nothing comes again by chance.
 */
import { expect, it } from 'vitest';

import { createDice } from '../demo/dice.ts';
import { openKafka } from '../integration/kafka-client.ts';
import { startPostgresPair } from '../service/postgres-pair.ts';
import { startReceiver } from '../service/receiver.ts';
import { sharedService, uniqueName } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';
import { eventNumber } from './crash-tenants.ts';
import { count, query } from './database.ts';
import { type HooklineProcess, spawnHookline } from './hookline.ts';

const share = 100;

it('reads again what the promoted standby lacks while it runs, and delivers the same events again when the group is set back', async () => {
  await using pair = await startPostgresPair({ isSynchronous: false });
  await using receiver = await startReceiver();
  const { brokers } = await sharedService('kafka');
  await using kafka = await openKafka(brokers);
  const topic = await kafka.createTopic({ partitions: 2 });
  const group = uniqueName('group');
  const environment = {
    HOOKLINE_DATABASE_URL: pair.url(),
    HOOKLINE_KAFKA_BROKERS: brokers.join(),
    HOOKLINE_KAFKA_TOPICS: topic,
    HOOKLINE_KAFKA_GROUP: group,
    HOOKLINE_KAFKA_FROM_BEGINNING: 'false',
    HOOKLINE_KAFKA_SESSION_TIMEOUT_MS: '3000',
  };
  const dice = createDice(1);
  const sent: string[] = [];
  const send = async (): Promise<void> => {
    const bodies = Array.from(
      { length: share },
      (_, at) => eventNumber(sent.length + at, dice).body,
    );
    await kafka.send(topic, bodies);
    sent.push(...bodies);
  };
  const recorded = async (): Promise<number> => count(pair.url(), 'event');
  const received = (): Set<string> => new Set(receiver.requests.map(({ body }) => String(body)));
  const committed = async (): Promise<number> => {
    const [offsets] = await kafka.admin.fetchOffsets({ groupId: group, topics: [topic] });
    return (offsets?.partitions ?? []).reduce((sum, { offset }) => sum + Number(offset), 0);
  };
  {
    await using hookline = spawnHookline(environment);
    await hookline.untilReady();
    await moveIn(hookline, receiver.url);
    await send();
    await hookline.until('the first share', () => received().size === share);
    await pair.untilCaughtUp();
    await pair.detach();
    await send();
    await hookline.until('the second share', async () => (await committed()) === 2 * share);
    await pair.primary.kill();
    await pair.promote();
    pair.leadTo(pair.standby);
    expect(await recorded()).toBe(share);
    await send();
    await hookline.until('what the standby lacks', async () => (await recorded()) === 3 * share);
    await hookline.until('all deliveries', () => received().size === 3 * share);
    expect(received()).toEqual(new Set(sent));
    expect(hookline.logged('source.position_rewound').length).toBeGreaterThan(0);
    await stop(hookline);
  }
  const events = await query<{ id: string }>(pair.url(), 'select id from event');
  const before = receiver.requests.length;
  await waitUntil('the group to be empty', async () => {
    const { groups } = await kafka.admin.describeGroups([group]);
    return groups[0]?.members.length === 0;
  });
  const partitions = [0, 1].map(partition => ({ partition, offset: '0' }));
  await kafka.admin.setOffsets({ groupId: group, topic, partitions });
  await using hookline = spawnHookline(environment);
  await hookline.until('all of them again', () => receiver.requests.length - before >= 3 * share);
  const again = receiver.requests.slice(before);
  expect(new Set(again.map(({ headers }) => headers['webhook-id']))).toEqual(
    new Set(events.map(({ id }) => id)),
  );
  expect(new Set(again.map(({ headers }) => headers['webhook-replay'])).size).toBe(1);
  expect(again[0]?.headers['webhook-replay']).toMatch(/^[0-9a-f-]{36}$/);
  expect(receiver.requests.slice(0, before).some(one => 'webhook-replay' in one.headers)).toBe(
    false,
  );
  expect(again).toHaveLength(3 * share);
  expect(await recorded()).toBe(3 * share);
  expect(hookline.logged('source.position_set')).toHaveLength(2);
});

/** An account with a Global webhook, by the API: it counts from the answer on. */
async function moveIn(hookline: HooklineProcess, payloadUrl: string): Promise<void> {
  await hookline.ask('POST', '/v1/domains', { id: 'root', name: 'ROOT' });
  await hookline.ask('POST', '/v1/accounts', {
    id: 'a',
    name: 'a',
    domainId: 'root',
    kind: 'user',
  });
  const owner = { accountId: 'a', domainId: 'root' };
  await hookline.ask('POST', '/v1/webhooks', { name: 'w', scope: 'Global', ...owner, payloadUrl });
}

async function stop(hookline: HooklineProcess): Promise<void> {
  hookline.signal('SIGTERM');
  expect(await hookline.exited).toBe('code 0');
}
