/** The two brokers, and on them a fresh queue or topic for each run. */
import { connect } from 'amqplib';

import { publishToKafka, publishToRabbitmq, type Publisher } from '../demo/publish.ts';
import { startKafka } from '../service/kafka.ts';
import { startRabbitmq } from '../service/rabbitmq.ts';
import { numberedEvent } from './event.ts';

export const busNames = ['rabbitmq', 'kafka'] as const;
export type BusName = (typeof busNames)[number];

export interface Bus extends AsyncDisposable {
  readonly name: BusName;
  readonly address: string;
  openLine(name: string): Promise<Line>;
}

/** A queue bound to CloudStack's exchange, or a topic: one way from the publisher to one consumer. */
export interface Line extends AsyncDisposable {
  /** Of the queue or topic. */
  readonly name: string;
  /** What makes Hookline consume it. */
  readonly env: Readonly<Record<string, string>>;
  readonly publisher: Publisher;
}

const exchange = 'cloudstack-events';
const partitions = 3;

export const openBus = { rabbitmq: openRabbitmq, kafka: openKafka };

async function openRabbitmq(): Promise<Bus> {
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await startRabbitmq());
  const publisher = stack.use(await publishToRabbitmq(broker.url, exchange));
  const connection = await connect(broker.url);
  stack.defer(() => connection.close());
  const channel = await connection.createChannel();
  const rest = stack.move();
  return {
    name: 'rabbitmq',
    address: broker.url,
    async openLine(name) {
      // As Hookline declares it, for the peer that does not.
      const type = { 'x-queue-type': 'quorum', 'x-delivery-limit': 2_147_483_647 };
      await channel.assertQueue(name, { durable: true, arguments: type });
      await channel.bindQueue(name, exchange, '#');
      const close = async (): Promise<void> => void (await channel.deleteQueue(name));
      const env = { HOOKLINE_AMQP_URL: broker.url, HOOKLINE_AMQP_QUEUE: name };
      return { name, env, publisher, [Symbol.asyncDispose]: close };
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

async function openKafka(): Promise<Bus> {
  const broker = await startKafka();
  const brokers = broker.brokers.join(',');
  return {
    name: 'kafka',
    address: brokers,
    async openLine(name) {
      await broker.createTopic(name, partitions);
      const publisher = await publishToKafka(broker.brokers, { topic: name });
      const env = {
        HOOKLINE_KAFKA_BROKERS: brokers,
        HOOKLINE_KAFKA_TOPICS: name,
        HOOKLINE_KAFKA_GROUP: name,
      };
      const close = (): PromiseLike<void> => publisher[Symbol.asyncDispose]();
      return { name, env, publisher, [Symbol.asyncDispose]: close };
    },
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

const publishMax = 1_000;

/** Puts events 0 to `count` - 1 on the line, the accounts taking turns; resolves when the broker has them. */
export async function publishEvents(
  { publisher }: Line,
  count: number,
  accounts: readonly string[],
): Promise<void> {
  for (let from = 0; from < count; from += publishMax) {
    const size = Math.min(publishMax, count - from);
    await publisher.publish(
      Array.from({ length: size }, (_, index) => eventFor(from + index, accounts)),
    );
  }
}

export function eventFor(number: number, accounts: readonly string[]) {
  return numberedEvent(number, accounts[number % accounts.length] ?? '');
}
