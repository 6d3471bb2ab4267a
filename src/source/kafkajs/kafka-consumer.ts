/**
 * A consumer in a group, from joining to leaving.
 *
 * Source: kafkajs 2.2.4, `src/consumer/index.js` and `src/consumer/runner.js`. It restarts itself after some errors
 * and not after others; here it never does, and the source begins a new session instead.
 */
import kafkajs, {
  type Cluster,
  type Consumer,
  type EachBatchPayload,
  type Kafka,
  type PartitionAssigner,
} from 'kafkajs';

import { atMost, unlessAborted } from '../../event/wait.ts';
import { type KafkaClientOptions, retry } from './kafka-client.ts';
import { createCommitter } from './kafka-committer.ts';
import { type Member, type MemberDeps, takeBatch } from './kafka-member.ts';
import { createMembership } from './kafka-membership.ts';
import { fetchTopicIds, type TopicIds } from './kafka-topic-ids.ts';

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
  readonly clock: () => number;
}

export interface Subscription {
  readonly topic: string;
  /** Start of a group that has no position in the topic: at the oldest record, or with false at the newest. */
  readonly fromBeginning: boolean;
}

export interface GroupConsumer {
  readonly member: Member;
  /** Resolves when the group has been joined; rejects when that failed. Returns early when told to stop. */
  join(subscriptions: readonly Subscription[]): Promise<void>;
  /** Takes no new batch, lets the one in flight end, and leaves the group. To be told to stop first. */
  close(): Promise<void>;
}

/** An idle fetch comes back after this long; a consumer that stops waits for it. */
const fetchWaitMs = 500;
const metadataMaxAgeMs = 60_000;
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
  const told = (event: string) => (error: unknown) =>
    options.log.debug({ source: options.name, err: error }, event);
  // An assigner is given the connections that kafkajs shows nowhere else.
  let cluster: Cluster | undefined;
  const consumer = configureConsumer(kafka, options, config => {
    ({ cluster } = config);
    return kafkajs.PartitionAssigners.roundRobin(config);
  });
  let commit: EachBatchPayload['commitOffsetsIfNecessary'] | undefined;
  const committer = createCommitter(
    async offsets => commit?.(offsets),
    commitIntervalMs,
    told('source.commit_failed'),
  );
  const member: Member = {
    ...deps,
    committer,
    membership: createMembership({ ...options, rebalanceGraceMs }),
    positions: new Map(),
    topicIds: Promise.resolve(new Map()),
    assignment: undefined,
  };
  let working: Promise<void> = Promise.resolve();
  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    commit = offsets => payload.commitOffsetsIfNecessary(offsets);
    working = takeBatch(member, payload);
    await working;
    if (until.aborted) await committer.flush();
  };
  listen(consumer, member, crashed);
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    member.topicIds = topicIdsOf(cluster, Object.keys(payload.memberAssignment), options);
  });
  return {
    member,
    async join(subscriptions) {
      await unlessAborted(join(consumer, subscriptions, eachBatch), until, late => {
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

function configureConsumer(
  kafka: Kafka,
  options: ConsumerOptions,
  assigner: PartitionAssigner,
): Consumer {
  return kafka.consumer({
    partitionAssigners: [assigner],
    groupId: options.groupId,
    sessionTimeout: options.sessionTimeoutMs,
    rebalanceTimeout: options.rebalanceTimeoutMs,
    heartbeatInterval: options.heartbeatMs,
    maxBytes: options.fetchBytesMax,
    maxBytesPerPartition: options.partitionBytesMax,
    maxWaitTimeInMs: fetchWaitMs,
    metadataMaxAge: metadataMaxAgeMs,
    allowAutoTopicCreation: false,
    retry: { ...retry, restartOnFailure: async () => false },
  });
}

async function join(
  consumer: Consumer,
  subscriptions: readonly Subscription[],
  eachBatch: (payload: EachBatchPayload) => Promise<void>,
): Promise<void> {
  await consumer.connect();
  for (const { topic, fromBeginning } of subscriptions) {
    await consumer.subscribe({ topics: [topic], fromBeginning });
  }
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
    member.positions.clear();
    member.committer.reset();
    member.membership.joined();
    member.report();
  });
  consumer.on(events.HEARTBEAT, () => member.membership.confirmed());
  consumer.on(events.END_BATCH_PROCESS, ({ payload }) => {
    // Nothing but control records: there was nothing to record, and the position moves all the same.
    if (payload.batchSize > 0) return;
    const { topic, partition } = payload;
    const nextOffset = BigInt(payload.lastOffset) + 1n;
    member.positions.set(`${topic}/${partition}`, nextOffset);
    member.committer.add({ topic, partition, nextOffset });
  });
}

/** Without the ids a topic that was created again is still recognized in most cases: its offsets run backwards. */
async function topicIdsOf(
  cluster: Cluster | undefined,
  topics: readonly string[],
  { name, log }: ConsumerOptions,
): Promise<TopicIds> {
  try {
    return cluster === undefined ? new Map() : await fetchTopicIds(cluster, topics);
  } catch (error) {
    log.warn({ source: name, err: error }, 'source.topic_ids_unknown');
    return new Map();
  }
}
