import { randomUUID } from 'node:crypto';

import { connect } from 'amqplib';

import {
  createRabbitmqSource,
  type RabbitmqSourceOptions,
} from '../../src/source/rabbitmq/rabbitmq.ts';
import { startRabbitmq } from '../service/rabbitmq.ts';
import { type Bus, describeSource, type Place } from './source.ts';

type QueueType = RabbitmqSourceOptions['queueType'];

for (const queueType of ['quorum', 'classic'] as const) {
  describeSource(`RabbitMQ, ${queueType} queue`, () => openBus(queueType));
}

async function openBus(queueType: QueueType): Promise<Bus> {
  const broker = await startRabbitmq({ own: true });
  return {
    broker,
    newPlace: () => newPlace(broker.url, queueType),
    close: () => broker.stop(),
  };
}

function newPlace(url: string, queueType: QueueType): Place {
  const name = `place-${randomUUID()}`;
  return {
    create: () => createExchange(url, name),
    publish: bodies => publish(url, name, bodies),
    createSource: options =>
      createRabbitmqSource({
        ...options,
        name,
        url,
        exchange: [name],
        bindings: ['#'],
        queue: name,
        queueType,
        prefetch: 500,
        recheckMs: 100,
        backoff: { baseMs: 10, maxMs: 100 },
      }),
  };
}

async function createExchange(url: string, exchange: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.assertExchange(exchange, 'topic', { durable: true });
  await connection.close();
}

async function publish(url: string, exchange: string, bodies: readonly Buffer[]): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  for (const body of bodies) channel.publish(exchange, 'a.b.c', body, { persistent: true });
  await channel.waitForConfirms();
  await connection.close();
}
