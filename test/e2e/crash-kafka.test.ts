import { Kafka, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';

import { publishToKafka } from '../demo/publish.ts';
import { startKafka } from '../service/kafka.ts';
import { startPostgres } from '../service/postgres.ts';
import { type CrashBus, crashAgainAndAgain, describeAftermath, windowMax } from './crash.ts';
import { rollSeed } from './seed.ts';

const events = 10_000;
const kills = 21;
const topic = 'cloudstack';
const group = 'hookline';

it('records Kafka once and loses nothing however often it is killed, and repeats what was in flight at most', async () => {
  await using postgres = await startPostgres();
  await using bus = await openBus();
  const seed = rollSeed();
  const aftermath = await crashAgainAndAgain({ bus, postgres, seed, events, kills });
  process.stdout.write(describeAftermath('kafka, embedded PostgreSQL', aftermath));
  expect(aftermath).toMatchObject({
    published: events,
    kills,
    lost: 0,
    astray: 0,
    recordedTwice: 0,
    manyIds: 0,
    repeatedInOneLife: 0,
    deliveries: { delivered: aftermath.owed },
    unsettled: 0,
    processes: 0,
    lastExit: 'code 0',
  });
  expect(aftermath.duplicates).toBeLessThanOrEqual(aftermath.bound);
  expect(aftermath.inFlightMax).toBeLessThanOrEqual(windowMax);
});

async function openBus(): Promise<CrashBus & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const kafka = stack.use(await startKafka({ own: true }));
  await kafka.createTopic(topic, 3);
  let publisher = await publishToKafka(kafka.brokers, { topic });
  stack.defer(async () => publisher[Symbol.asyncDispose]());
  const owned = stack.move();
  return {
    environment: {
      HOOKLINE_KAFKA_BROKERS: kafka.brokers.join(),
      HOOKLINE_KAFKA_TOPICS: topic,
      HOOKLINE_KAFKA_GROUP: group,
      // The group waits this long for each process that was killed.
      HOOKLINE_KAFKA_SESSION_TIMEOUT_MS: '2000',
    },
    publish: async messages => publisher.publish(messages),
    restart: async () => {
      await publisher[Symbol.asyncDispose]();
      await kafka.restart();
      publisher = await publishToKafka(kafka.brokers, { topic });
    },
    countUnsettled: async () => countUncommitted(kafka.brokers),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

/** Also proves that each event was published once: the offsets of the topic add up to their number. */
async function countUncommitted(brokers: readonly string[]): Promise<number> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    expect(sum(ends)).toBe(events);
    return sum(ends) - sum(committed?.partitions ?? []);
  } finally {
    await admin.disconnect();
  }
}

function sum(offsets: readonly { offset: string }[]): number {
  return offsets.reduce((total, { offset }) => total + Number(offset), 0);
}
