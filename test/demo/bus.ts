/** The broker of the demo, or none, and what Hookline has to know to listen to it. */
import { randomBytes } from 'node:crypto';

import { startKafka } from '../service/kafka.ts';
import { startRabbitmq } from '../service/rabbitmq.ts';
import { publishToHttp, publishToKafka, publishToRabbitmq, type Publisher } from './publish.ts';

export const brokers = ['rabbitmq', 'kafka', 'none'] as const;
export type Broker = (typeof brokers)[number];

export interface Bus extends AsyncDisposable {
  /** @param hooklineUrl where Hookline is posted to, for lack of a broker. */
  publisher(this: void, hooklineUrl: string): Publisher;
  /** Hookline's `HOOKLINE_…` variables. */
  readonly environment: Readonly<Record<string, string>>;
}

const exchange = 'cloudstack-events';
const topic = 'cloudstack';

/** @throws Error saying what to install when there is no such broker to be had. */
export async function startBus(broker: Broker): Promise<Bus> {
  await using stack = new AsyncDisposableStack();
  const parts = await start[broker](stack);
  const owned = stack.move();
  return { ...parts, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

type Components = Omit<Bus, typeof Symbol.asyncDispose>;

const start = {
  rabbitmq: startRabbitmqBus,
  kafka: startKafkaBus,
  none: async () => noBus(),
} as const satisfies Record<Broker, (stack: AsyncDisposableStack) => Promise<Components>>;

/** Events are posted to Hookline itself. */
function noBus(): Components {
  const token = randomBytes(18).toString('base64url');
  const source = { name: 'demo', kind: 'http', format: 'cloudstack', token };
  return {
    publisher: hooklineUrl => publishToHttp(`${hooklineUrl}/v1/in/${source.name}`, token),
    environment: { HOOKLINE_SOURCES: JSON.stringify([source]) },
  };
}

async function startRabbitmqBus(stack: AsyncDisposableStack): Promise<Components> {
  const rabbitmq = stack.use(await startRabbitmq());
  const publisher = stack.use(await publishToRabbitmq(rabbitmq.url, exchange));
  return {
    publisher: () => publisher,
    environment: { HOOKLINE_AMQP_URL: rabbitmq.url, HOOKLINE_AMQP_EXCHANGE: exchange },
  };
}

async function startKafkaBus(stack: AsyncDisposableStack): Promise<Components> {
  const kafka = stack.use(await startKafka());
  await kafka.createTopic(topic, 3);
  const publisher = stack.use(await publishToKafka(kafka.brokers, { topic }));
  return {
    publisher: () => publisher,
    environment: { HOOKLINE_KAFKA_BROKERS: kafka.brokers.join(), HOOKLINE_KAFKA_TOPICS: topic },
  };
}
