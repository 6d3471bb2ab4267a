/**
 * A consumer in a group, from joining to leaving.
 *
 * Source: kafkajs 2.2.4, `src/consumer/index.js` and `src/consumer/runner.js`. It restarts itself after some errors
 * and not after others; here it never does, and the source begins a new session instead.
 */
import kafkajs, { type Cluster, type Consumer, type EachBatchPayload, type Kafka } from 'kafkajs';
import type OffsetManager from 'kafkajs/src/consumer/offsetManager/index.js';

import { atMost, unlessAborted } from '../../event/wait.ts';
import { type KafkaClientOptions, retry } from './kafka-client.ts';
import { createCommitter, type MarkedOffsets } from './kafka-committer.ts';
import { askCoordinator, fetchCommitted, fetchEnds, partitionsOf } from './kafka-log.ts';
import { type Member, type MemberDeps, takeBatch } from './kafka-member.ts';
import { createMembership } from './kafka-membership.ts';
import { decideOffsets, type TopicPartition } from './kafka-offsets.ts';
import { type KafkaAnswers, keyOf } from './kafka-reading.ts';
import { fetchTopicIds } from './kafka-topic-ids.ts';
import { explain } from '../explain.ts';

export interface ConsumerOptions extends KafkaClientOptions {
  readonly groupId: string;
  /** Maximum number of bytes that one fetch brings, of all partitions. */
  readonly fetchBytesMax: number;
  /**
   * Maximum number of bytes that one fetch brings of one partition; a record batch larger than that comes all the same.
   */
  readonly partitionBytesMax: number;
  /** Silence after which the group goes on without this member. */
  readonly sessionTimeoutMs: number;
  /** How long the group waits for its members when it is rebalanced. */
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatMs: number;
  /** How often the client looks for new partitions. */
  readonly recheckMs: number;
  readonly clock: () => number;
}

export interface GroupConsumer {
  readonly member: Member;
  /** Resolves when the group has been joined; rejects when that failed. Returns early when told to stop. */
  join(topics: readonly string[]): Promise<void>;
  readonly cluster: Cluster;
  /** Kafka's own reason for an error, where kafkajs drops it; otherwise the error. */
  reasonOf(error: unknown): Promise<unknown>;
  /** Takes no new batch, lets the one in flight end, and leaves the group. To be told to stop first. */
  close(): Promise<void>;
}

/** An idle fetch comes back after this long; a consumer that stops waits for it. */
const fetchWaitMs = 500;
const closeTimeoutMs = 5000;
const commitIntervalMs = 200;
/** A rebalance waits for every member, and all of the group's messages stand still meanwhile. */
const rebalanceGraceMs = 5000;

/** @param crashed aborted with the reason when kafkajs has given up. */
export function createConsumer(
  kafka: Kafka,
  options: ConsumerOptions,
  deps: MemberDeps,
  crashed: AbortController,
): GroupConsumer {
  const { until } = deps;
  const told = (event: string) => (error: unknown) => {
    options.log.debug({ source: options.name, err: error }, event);
    return undefined;
  };
  const { consumer, cluster } = configureConsumer(kafka, options);
  let manager: OffsetManager | undefined;
  const committer = createCommitter(
    async offsets => manager && commit(manager, offsets),
    commitIntervalMs,
    told('source.commit_failed'),
  );
  const member: Member = {
    ...deps,
    committer,
    membership: createMembership({ ...options, rebalanceGraceMs }),
    readings: new Map(),
    forget(place) {
      member.readings.delete(keyOf(place));
      committer.drop(place);
      manager?.clearOffsets(place);
    },
    topicIds: (topics, at) => fetchTopicIds(cluster, topics, at).catch(told('source.ids_unknown')),
    assignment: undefined,
  };
  decideOffsets(cluster, async (wanted, asking) => {
    manager = asking;
    return startReading(member, wanted, answersOf(cluster, asking));
  });
  let working: Promise<void> = Promise.resolve();
  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    working = takeBatch(member, payload);
    await working;
    if (until.aborted) await committer.flush();
  };
  listen(consumer, member, crashed);
  return {
    member,
    cluster,
    reasonOf: error => reasonOf(error, cluster, options),
    async join(topics) {
      await unlessAborted(join(consumer, topics, eachBatch), until, late => {
        late.then(() => consumer.disconnect()).catch(told('source.close_failed'));
      });
    },
    async close() {
      await atMost(closeTimeoutMs, committer.flush());
      const closing = consumer.disconnect().catch(told('source.close_failed'));
      await working.catch(told('source.batch_failed'));
      await atMost(closeTimeoutMs, closing);
      committer.reset();
    },
  };
}

/** Gives what is decided to kafkajs, and nothing while the database or a broker is away: then it is asked again. */
async function startReading(
  { board, readings, committer, decide, report, options }: Member,
  wanted: readonly TopicPartition[],
  ask: KafkaAnswers,
): Promise<readonly (TopicPartition & { readonly offset: bigint })[]> {
  try {
    const decided = await decide(wanted, ask);
    for (const { isToCommit, nextOffset, ...one } of decided) {
      const { topic, partition, topicId, replay, mark } = one;
      const recordedTo = nextOffset;
      // The first batch asks whether it is the topic that was decided on.
      const topicSeenAt = -Infinity;
      readings.set(keyOf(one), { topicId, replay, mark, recordedTo, nextOffset, topicSeenAt });
      if (isToCommit) committer.add({ topic, partition, nextOffset, metadata: mark(nextOffset) });
    }
    report();
    return decided.map(one => ({ ...one, offset: one.nextOffset }));
  } catch (error) {
    options.log.debug({ source: options.name, err: error }, 'source.position_unknown');
    board.waiting(`the position is not known: ${explain(error)}`);
    return [];
  }
}

function answersOf(cluster: Cluster, manager: OffsetManager): KafkaAnswers {
  return {
    partitionsOf: topics => partitionsOf(cluster, topics),
    topicIds: topics => fetchTopicIds(cluster, topics),
    ends: places => fetchEnds(cluster, places),
    committed: async places =>
      fetchCommitted(await manager.getCoordinator(), manager.groupId, places),
  };
}

async function commit(manager: OffsetManager, { topics }: MarkedOffsets): Promise<void> {
  const { groupId, memberId, generationId } = manager;
  const coordinator = await manager.getCoordinator();
  await coordinator.offsetCommit({ groupId, memberId, groupGenerationId: generationId, topics });
}

/** kafkajs says of every refusal that it did not find the group's coordinator. */
async function reasonOf(
  error: unknown,
  cluster: Cluster,
  { groupId }: ConsumerOptions,
): Promise<unknown> {
  if (!isWithoutCoordinator(error)) return error;
  try {
    await askCoordinator(cluster, groupId);
    return error;
  } catch (cause) {
    return new Error(`the group ${groupId}`, { cause });
  }
}

const isWithoutCoordinator = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'KafkaJSGroupCoordinatorNotFound' || isWithoutCoordinator(error.cause));

/** An assigner is given the connections, which kafkajs shows nowhere else. */
function configureConsumer(
  kafka: Kafka,
  options: ConsumerOptions,
): { readonly consumer: Consumer; readonly cluster: Cluster } {
  let cluster: Cluster | undefined;
  const consumer = kafka.consumer({
    partitionAssigners: [
      config => {
        ({ cluster } = config);
        return kafkajs.PartitionAssigners.roundRobin(config);
      },
    ],
    groupId: options.groupId,
    sessionTimeout: options.sessionTimeoutMs,
    rebalanceTimeout: options.rebalanceTimeoutMs,
    heartbeatInterval: options.heartbeatMs,
    maxBytes: options.fetchBytesMax,
    maxBytesPerPartition: options.partitionBytesMax,
    maxWaitTimeInMs: fetchWaitMs,
    metadataMaxAge: options.recheckMs,
    allowAutoTopicCreation: false,
    retry: { ...retry, restartOnFailure: async () => false },
  });
  if (!cluster) throw new RangeError('kafkajs hands its connections to no assigner: not 2.2.4');
  return { consumer, cluster };
}

async function join(
  consumer: Consumer,
  topics: readonly string[],
  eachBatch: (payload: EachBatchPayload) => Promise<void>,
): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics] });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: 1,
    eachBatch,
  });
}

function listen(consumer: Consumer, member: Member, crashed: AbortController): void {
  const { events } = consumer;
  consumer.on(events.CRASH, ({ payload }) => {
    crashed.abort(new Error('the consumer stopped', { cause: payload.error }));
  });
  // The commit is on its way before the request to join again.
  consumer.on(events.REBALANCING, () => void member.committer.flush());
  consumer.on(events.GROUP_JOIN, ({ payload }) => {
    member.assignment = payload.memberAssignment;
    member.readings.clear();
    member.committer.reset();
    member.membership.joined();
    // Where there is more than one member for each partition, nothing is ever decided.
    if (Object.values(payload.memberAssignment).flat().length === 0) member.report();
  });
  consumer.on(events.HEARTBEAT, () => member.membership.confirmed());
  consumer.on(events.END_BATCH_PROCESS, ({ payload }) => {
    // Nothing but control records: there was nothing to record, and the position moves all the same.
    if (payload.batchSize > 0) return;
    const { topic, partition } = payload;
    const reading = member.readings.get(keyOf(payload));
    if (!reading) return;
    const nextOffset = BigInt(payload.lastOffset) + 1n;
    reading.nextOffset = nextOffset;
    const metadata = reading.mark(reading.recordedTo);
    member.committer.add({ topic, partition, nextOffset, metadata });
  });
}
