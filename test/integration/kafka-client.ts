/** A client of a Kafka broker for tests, and sources that are quick about everything. */
import kafkajs, { type Admin, type Producer } from 'kafkajs';

import { createKafkaSource, type KafkaSourceOptions } from '../../src/source/kafka/kafka.ts';
import type { Source } from '../../src/source/source.ts';
import { keepPositions, type MemoryPositions } from '../conformance/stored-positions.ts';
import { captureLog } from '../conformance/source-log.ts';
import { type RecordBatch, type Run, runSource } from '../conformance/source-run.ts';
import { uniqueName } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';

export const quick = {
  sessionTimeoutMs: 3000,
  rebalanceTimeoutMs: 20_000,
  heartbeatMs: 100,
  recheckMs: 100,
  backoff: { baseMs: 10, maxMs: 100 },
};

export type Given = Pick<KafkaSourceOptions, 'brokers' | 'topics'> & Partial<KafkaSourceOptions>;

/** The stored positions of the sources of a group, which outlive each of them. */
export function positionsOf(groupId: string): MemoryPositions {
  const positions = stores.get(groupId) ?? keepPositions();
  stores.set(groupId, positions);
  return positions;
}

const stores = new Map<string, MemoryPositions>();

export function createSource(options: Given, log = captureLog()): Source {
  const groupId = options.groupId ?? uniqueName('group');
  const positions = positionsOf(groupId);
  const source = createKafkaSource({
    name: 'kafka',
    groupId,
    positions,
    fromBeginning: true,
    batchMax: 100,
    ...quick,
    log,
    ...options,
  });
  return positions.follow(source);
}

export function start(options: Given, record?: RecordBatch): Run {
  const log = captureLog();
  return runSource(createSource(options, log), log, record);
}

export interface OpenKafka extends AsyncDisposable {
  readonly client: kafkajs.Kafka;
  readonly admin: Admin;
  readonly producer: Producer;
  createTopic(topic?: {
    name?: string;
    partitions?: number;
    config?: Record<string, string>;
  }): Promise<string>;
  /** One request, round robin over the partitions, not compressed. */
  send(topic: string, bodies: readonly string[]): Promise<void>;
}

export async function openKafka(at: readonly string[]): Promise<OpenKafka> {
  const client = new kafkajs.Kafka({ brokers: [...at], logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  const producer = client.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    // A topic just made has no leader yet.
    retry: { initialRetryTime: 20, retries: 15 },
  });
  await admin.connect();
  await producer.connect();
  return {
    client,
    admin,
    producer,
    createTopic: async ({ name = uniqueName('topic'), partitions = 1, config = {} } = {}) => {
      const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
      await admin.createTopics({
        waitForLeaders: false,
        topics: [{ topic: name, numPartitions: partitions, configEntries }],
      });
      // kafkajs's own waiting gives up where the broker does not know the topic yet.
      await waitUntil('the leaders of the topic', async () => {
        const { topics } = await admin
          .fetchTopicMetadata({ topics: [name] })
          .catch(() => ({ topics: [] }));
        const found = topics[0]?.partitions ?? [];
        return found.length === partitions && found.every(({ leader }) => leader >= 0);
      });
      // The leaders may not know yet that they are: refused by one, kafkajs would send again what the others have taken.
      await waitUntil('the leaders to lead', () =>
        admin.fetchTopicOffsets(name).then(
          () => true,
          () => false,
        ),
      );
      return name;
    },
    send: async (topic, bodies) => {
      await producer.send({ topic, messages: bodies.map(value => ({ value })) });
    },
    [Symbol.asyncDispose]: async () => {
      await producer.disconnect();
      await admin.disconnect();
    },
  };
}

export function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, at) => String(at));
}
