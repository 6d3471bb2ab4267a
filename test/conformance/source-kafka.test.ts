import { randomUUID } from 'node:crypto';

import kafkajs from 'kafkajs';

import { createKafkaSource } from '../../src/source/kafka/kafka.ts';
import { type Kafka, startKafka } from '../service/kafka.ts';
import { keepPositions } from './stored-positions.ts';
import { type Bus, describeSource, type Place } from './source.ts';

describeSource('Kafka', openBus);

async function openBus(): Promise<Bus> {
  const broker = await startKafka({ own: true });
  return {
    broker,
    newPlace: () => newPlace(broker),
    close: () => broker.stop(),
  };
}

function newPlace(broker: Kafka): Place {
  const name = `place-${randomUUID()}`;
  const positions = keepPositions();
  return {
    create: () => broker.createTopic(name, 1, { 'max.message.bytes': '10000000' }),
    publish: bodies => publish(broker.brokers, name, bodies),
    createSource: options =>
      positions.follow(
        createKafkaSource({
          ...options,
          name,
          positions,
          brokers: broker.brokers,
          topics: [name],
          groupId: name,
          fromBeginning: true,
          sessionTimeoutMs: 3000,
          rebalanceTimeoutMs: 6000,
          heartbeatMs: 200,
          recheckMs: 100,
          backoff: { baseMs: 10, maxMs: 100 },
        }),
      ),
  };
}

async function publish(
  brokers: readonly string[],
  topic: string,
  bodies: readonly Buffer[],
): Promise<void> {
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  if (bodies.length > 0) await producer.send({ topic, messages: bodies.map(value => ({ value })) });
  await producer.disconnect();
}
