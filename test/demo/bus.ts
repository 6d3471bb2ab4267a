/** The broker of the demo, and what Hookline has to know to listen to it. */
import { startKafka } from '../service/kafka.ts';
import { startRabbitmq } from '../service/rabbitmq.ts';
import { publishToKafka, publishToRabbitmq, type Publisher } from './publish.ts';

export const brokers = ['rabbitmq', 'kafka'] as const;
export type Broker = (typeof brokers)[number];

export interface Bus extends AsyncDisposable {
  readonly publisher: Publisher;
  /** Hookline's `HOOKLINE_…` variables. */
  readonly environment: Readonly<Record<string, string>>;
}

const exchange = 'cloudstack-events';
const topic = 'cloudstack';

/** @throws Error saying what to install when there is no such broker to be had. */
export async function startBus(broker: Broker): Promise<Bus> {
  await using stack = new AsyncDisposableStack();
  const parts = broker === 'rabbitmq' ? await startRabbitmqBus(stack) : await startKafkaBus(stack);
  const owned = stack.move();
  return { ...parts, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

type Parts = Omit<Bus, typeof Symbol.asyncDispose>;

async function startRabbitmqBus(stack: AsyncDisposableStack): Promise<Parts> {
  const rabbitmq = stack.use(await startRabbitmq());
  const publisher = stack.use(await publishToRabbitmq(rabbitmq.url, exchange));
  return {
    publisher,
    environment: { HOOKLINE_AMQP_URL: rabbitmq.url, HOOKLINE_AMQP_EXCHANGE: exchange },
  };
}

async function startKafkaBus(stack: AsyncDisposableStack): Promise<Parts> {
  const kafka = stack.use(await startKafka());
  await kafka.createTopic(topic, 3);
  const publisher = stack.use(await publishToKafka(kafka.brokers, { topic }));
  return {
    publisher,
    environment: { HOOKLINE_KAFKA_BROKERS: kafka.brokers.join(), HOOKLINE_KAFKA_TOPICS: topic },
  };
}
