/**
 * Read-only checks of a Kafka cluster for `hookline doctor`: no group is joined, no offset committed.
 *
 * Source: kafkajs 2.2.4, `admin`; Kafka protocol, error code 30 (GROUP_AUTHORIZATION_FAILED).
 */
import { setTimeout as wait } from 'node:timers/promises';

import type { Admin, Cluster } from 'kafkajs';

import type { StoredPosition } from '../../event/message.ts';
import { explain } from '../explain.ts';
import { createClient, repairKafkajs, type KafkaClientOptions } from '../kafkajs/kafka-client.ts';
import { fetchCommitted, fetchEnds, openCluster, partitionsOf } from '../kafkajs/kafka-log.ts';
import { keyOf } from '../kafkajs/kafka-reading.ts';
import { measureLag } from './kafka-lag.ts';
import { matchTopics, parseTopic, type TopicMatch } from './kafka-topics.ts';

export interface KafkaInspectOptions extends KafkaClientOptions {
  readonly topics: readonly string[];
  readonly groupId: string;
  readonly fromBeginning: boolean;
  /** How far the source has recorded, where the database could be asked. */
  readonly stored: readonly StoredPosition[];
}

export interface KafkaView {
  readonly brokers: number;
  readonly topics: TopicMatch;
  readonly partitions: number;
  /** Partitions without a leader, as `topic/partition`: they can neither be read nor written. */
  readonly leaderless: readonly string[];
  /** Undefined when the group may not be seen; `refused` says so then. */
  readonly group: GroupView | undefined;
  /** Requests that the cluster refused, in its words. */
  readonly refused: readonly string[];
}

export interface GroupView {
  /** State in Kafka's word: `Stable`, `Empty`; `Dead` for a group that does not exist. */
  readonly state: string;
  readonly members: number;
  /** Messages that are not recorded yet; undefined without a topic. */
  readonly lag: number | undefined;
  /** How many of them nobody can read before a producer ends its transaction. */
  readonly heldBack: number;
}

/** @throws Error saying why there is no connection. */
export async function inspectKafka(options: KafkaInspectOptions): Promise<KafkaView> {
  repairKafkajs();
  const client = createClient(options);
  const admin = client.admin({ retry: { retries: 1 } });
  const cluster = openCluster(client, options.groupId);
  try {
    await admin.connect();
    await cluster.connect();
    return await inspect(admin, cluster, options);
  } finally {
    await admin.disconnect();
    await cluster.disconnect();
  }
}

async function inspect(
  admin: Admin,
  cluster: Cluster,
  options: KafkaInspectOptions,
): Promise<KafkaView> {
  const { brokers } = await admin.describeCluster();
  const topics = matchTopics(options.topics.map(parseTopic), await admin.listTopics());
  const { present } = topics;
  const metadata =
    present.length === 0 ? [] : (await admin.fetchTopicMetadata({ topics: [...present] })).topics;
  const partitions = metadata.flatMap(topic =>
    topic.partitions.map(one => ({ topic: topic.name, ...one })),
  );
  const refused: string[] = [];
  const asked = onceCoordinated(() => inspectGroup(admin, options, cluster, present));
  const group = await asked.catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
    refused.push(explain(error));
    return undefined;
  });
  return {
    brokers: brokers.length,
    topics,
    partitions: partitions.length,
    leaderless: partitions
      .filter(({ leader }) => leader < 0)
      .map(({ topic, partitionId }) => `${topic}/${partitionId}`),
    group,
    refused,
  };
}

async function inspectGroup(
  admin: Admin,
  { groupId, fromBeginning, stored }: KafkaInspectOptions,
  cluster: Cluster,
  topics: readonly string[],
): Promise<GroupView> {
  const { groups } = await admin.describeGroups([groupId]);
  const [group] = groups;
  const ends = await fetchEnds(cluster, await partitionsOf(cluster, topics));
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  const committed = await fetchCommitted(coordinator, groupId, ends);
  const positions = new Map([
    ...committed.map(one => [keyOf(one), one.offset] as const),
    ...stored.map(one => [keyOf(one), one.nextOffset] as const),
  ]);
  return {
    state: group?.state ?? 'Dead',
    members: group?.members.length ?? 0,
    lag: topics.length > 0 ? measureLag(ends, positions, fromBeginning) : undefined,
    heldBack: Number(ends.reduce((sum, { logEnd, stableEnd }) => sum + logEnd - stableEnd, 0n)),
  };
}

/** A cluster that has just started, or moves a group, has no coordinator for it for some seconds. */
const coordinatorMsMax = 10_000;
const askAgainMs = 250;

async function onceCoordinated<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + coordinatorMsMax;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!/COORDINATOR|GROUP_LOAD/.test(typeOf(error)) || performance.now() > deadline)
        throw error;
    }
    await wait(askAgainMs);
  }
}

const isRefusal = (error: unknown): boolean => typeOf(error).endsWith('_AUTHORIZATION_FAILED');

/** kafkajs names the protocol's error in `type`, and wraps it once it has tried again; empty for another error. */
function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return 'type' in error ? String(error.type) : typeOf(error.cause);
}
