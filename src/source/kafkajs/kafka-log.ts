/**
 * Asks Kafka what the partitions of topics hold, and what a group has committed, with the text beside it.
 *
 * kafkajs's admin shows neither: its ends stop at open transactions, as consumers' do.
 *
 * Source: kafkajs 2.2.4, `src/cluster/index.js`, `fetchTopicsOffset`; Kafka's `ListOffsetsRequest.json` (timestamps -2
 * and -1, isolation levels 0 and 1).
 */
import kafkajs, { type Broker, type Cluster, type Kafka } from 'kafkajs';

import type { TopicPartition } from './kafka-offsets.ts';

/** Offsets of one partition: the oldest record's, and one past the newest's. */
export interface LogEnds extends TopicPartition {
  readonly logStart: bigint;
  /** Where consumers have to stop: the first record of the oldest open transaction, or `logEnd`. */
  readonly stableEnd: bigint;
  readonly logEnd: bigint;
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: bigint;
  readonly metadata: string;
}

const oldest = '-2';
const newest = '-1';
const uncommitted = 0;
const committed = 1;

interface Listing {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
}

/** The part of kafkajs's brokers that its types do not show. */
interface Lister {
  listOffsets(request: {
    replicaId: number;
    isolationLevel: number;
    topics: { topic: string; partitions: { partition: number; timestamp: string }[] }[];
  }): Promise<{ responses: readonly Listing[] }>;
}

interface CoordinatorFinder {
  findGroupCoordinator(group: { groupId: string; coordinatorType: number }): Promise<unknown>;
}

/** Connections of a client that has not joined; to be connected and disconnected. */
export function openCluster(kafka: Kafka, groupId: string): Cluster {
  let cluster: Cluster | undefined;
  kafka.consumer({
    groupId,
    allowAutoTopicCreation: false,
    partitionAssigners: [
      config => {
        ({ cluster } = config);
        return kafkajs.PartitionAssigners.roundRobin(config);
      },
    ],
  });
  if (!cluster)
    throw new RangeError('kafkajs does not hand its connections to assigners: not 2.2.4');
  return cluster;
}

/** All partitions of these topics. */
export async function partitionsOf(
  cluster: Cluster,
  topics: readonly string[],
): Promise<readonly TopicPartition[]> {
  await cluster.addMultipleTargetTopics([...topics]);
  return topics.flatMap(topic =>
    cluster
      .findTopicPartitionMetadata(topic)
      .map(({ partitionId }) => ({ topic, partition: partitionId }))
      .toSorted((a, b) => a.partition - b.partition),
  );
}

/** @throws kafkajs's error, after which other leaders may be known. */
export async function fetchEnds(
  cluster: Cluster,
  places: readonly TopicPartition[],
): Promise<readonly LogEnds[]> {
  try {
    const byLeader = groupByLeader(cluster, places);
    const ends = await Promise.all(
      [...byLeader].map(async ([nodeId, of]) => listEnds(await cluster.findBroker({ nodeId }), of)),
    );
    return ends.flat();
  } catch (error) {
    await cluster.refreshMetadata();
    throw error;
  }
}

function groupByLeader(cluster: Cluster, places: readonly TopicPartition[]) {
  const byLeader = new Map<string, TopicPartition[]>();
  for (const place of places) {
    const [leader] = Object.keys(cluster.findLeaderForPartitions(place.topic, [place.partition]));
    if (leader === undefined) continue;
    byLeader.set(leader, [...(byLeader.get(leader) ?? []), place]);
  }
  return byLeader;
}

async function listEnds(
  broker: Broker | (Broker & Lister),
  places: readonly TopicPartition[],
): Promise<readonly LogEnds[]> {
  if (!('listOffsets' in broker)) throw new RangeError('kafkajs has no listOffsets: not 2.2.4');
  const list = async (timestamp: string, isolationLevel: number) => {
    const topics = [...Map.groupBy(places, ({ topic }) => topic)].map(([topic, of]) => ({
      topic,
      partitions: of.map(({ partition }) => ({ partition, timestamp })),
    }));
    const { responses } = await broker.listOffsets({ replicaId: -1, isolationLevel, topics });
    return new Map(
      responses.flatMap(({ topic, partitions }) =>
        partitions.map(one => [`${topic}/${one.partition}`, BigInt(one.offset)] as const),
      ),
    );
  };
  // The end last: what is written meanwhile makes it higher, and the others not higher than it.
  const starts = await list(oldest, uncommitted);
  const stable = await list(newest, committed);
  const ends = await list(newest, uncommitted);
  return places.flatMap(place => {
    const key = `${place.topic}/${place.partition}` as const;
    const [logStart, stableEnd, logEnd] = [starts.get(key), stable.get(key), ends.get(key)];
    if (logStart === undefined || stableEnd === undefined || logEnd === undefined) return [];
    return [{ ...place, logStart, stableEnd, logEnd }];
  });
}

/** What the group has committed; nothing of partitions of which it has not. */
export async function fetchCommitted(
  coordinator: Broker,
  groupId: string,
  places: readonly TopicPartition[],
): Promise<readonly CommittedOffset[]> {
  const topics = [...Map.groupBy(places, ({ topic }) => topic)].map(([topic, of]) => ({
    topic,
    partitions: of.map(({ partition }) => ({ partition, offset: '' })),
  }));
  const { responses } = await coordinator.offsetFetch({ groupId, topics });
  return responses.flatMap(({ topic, partitions }) =>
    partitions
      .map(one => ({
        topic,
        partition: one.partition,
        offset: BigInt(one.offset),
        metadata: textOf(one),
      }))
      .filter(({ offset }) => offset >= 0n),
  );
}

const textOf = (one: object): string =>
  'metadata' in one && typeof one.metadata === 'string' ? one.metadata : '';

/**
 * Asks why a group has no coordinator: kafkajs asks each broker and drops what they say.
 *
 * @throws kafkajs's error, with Kafka's name for it in `type`.
 */
export async function askCoordinator(cluster: Cluster, groupId: string): Promise<void> {
  // A consumer that has given up is no longer connected.
  await cluster.connect();
  await cluster.refreshMetadata();
  const broker = await cluster.findControllerBroker();
  if (!findsCoordinators(broker)) {
    throw new RangeError('kafkajs has no findGroupCoordinator: not 2.2.4');
  }
  await broker.findGroupCoordinator({ groupId, coordinatorType: 0 });
}

function findsCoordinators(broker: Broker | CoordinatorFinder): broker is CoordinatorFinder {
  return 'findGroupCoordinator' in broker;
}
