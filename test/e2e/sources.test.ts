import { Kafka, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';

import { publishToKafka, publishToRabbitmq } from '../demo/publish.ts';
import { startReceiver } from '../service/receiver.ts';
import { sharedService, uniqueName } from '../service/shared.ts';
import { eventNumber } from './crash-tenants.ts';
import { count, query } from './database.ts';
import { openStage } from './stage.ts';

it('takes in from RabbitMQ twice and from Kafka at the same time in one process', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver();
  await stage.addWebhook({ payloadUrl: receiver.url });
  const { brokers } = await sharedService('kafka');
  const { url } = await sharedService('rabbitmq');
  const topic = await createTopic(brokers);
  const exchange = uniqueName('exchange');
  await using second = await publishToRabbitmq(url, exchange);
  await using kafka = await publishToKafka(brokers, { topic });
  const zone2 = { name: 'zone-2', kind: 'rabbitmq', url, exchange, queue: uniqueName('queue') };
  await using hookline = await stage.start({
    HOOKLINE_KAFKA_BROKERS: brokers.join(),
    HOOKLINE_KAFKA_TOPICS: topic,
    HOOKLINE_KAFKA_GROUP: topic,
    HOOKLINE_SOURCES: JSON.stringify([zone2]),
  });
  const share = 100;
  const eventsFrom = (first: number) =>
    Array.from({ length: share }, (_, index) => eventNumber(first + index, stage.dice));
  const portions = [eventsFrom(0), eventsFrom(share), eventsFrom(2 * share)] as const;
  await Promise.all([
    stage.publish(portions[0]),
    second.publish(portions[1]),
    kafka.publish(portions[2]),
  ]);
  await hookline.until('every delivery', async () => {
    return (await count(stage.databaseUrl, `delivery where state = 'delivered'`)) === 3 * share;
  });
  const bodies = receiver.requests.map(({ body }) => String(body));
  expect(bodies.toSorted()).toEqual(
    portions
      .flat()
      .map(({ body }) => body)
      .toSorted(),
  );
  const recorded = await query(
    stage.databaseUrl,
    'select source, count(*)::int as events from event group by source order by source',
  );
  expect(recorded).toEqual(
    ['kafka', 'rabbitmq', 'zone-2'].map(source => ({ source, events: share })),
  );
  expect(await hookline.ask('GET', '/v1/sources')).toMatchObject({
    items: expect.arrayContaining(
      ['kafka', 'rabbitmq', 'zone-2'].map(name =>
        expect.objectContaining({ name, state: 'running' }),
      ),
    ),
  });
});

async function createTopic(brokers: readonly string[]): Promise<string> {
  const topic = uniqueName('cloudstack');
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
  await admin.disconnect();
  return topic;
}
