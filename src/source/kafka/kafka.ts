/**
 * Messages from Kafka: one member of a consumer group, on a list or a pattern of topics.
 *
 * A session is one client: find the topics, join the group, and check meanwhile whether topics came or went and how
 * much is left to record. A topic that comes or goes begins the next session.
 *
 * Where a partition is read from is decided by `position.ts`, each time the group has been joined and whenever the
 * stored position proves to be another: a database that was replaced by an older one makes the source read again what
 * that one does not have.
 */
import type { Admin, Kafka } from 'kafkajs';

import type { PositionStore } from '../../event/message.ts';

import { atMost, createBackoff, delay, unlessAborted } from '../../event/wait.ts';
import { type Wakeup, createWakeup } from '../wakeup.ts';
import type { ChunkLimits } from '../kafkajs/kafka-batch.ts';
import { createClient, repairKafkajs, retry } from '../kafkajs/kafka-client.ts';
import {
  type ConsumerOptions,
  createConsumer,
  type GroupConsumer,
} from '../kafkajs/kafka-consumer.ts';
import { fetchEnds } from '../kafkajs/kafka-log.ts';
import type { Member } from '../kafkajs/kafka-member.ts';
import { keyOf } from '../kafkajs/kafka-reading.ts';
import { measureLag, type TransactionWatch, watchTransactions } from './kafka-lag.ts';
import { createDecider } from './kafka-positions.ts';
import { matchTopics, parseTopic, type TopicMatch, type TopicRule } from './kafka-topics.ts';
import {
  type RecordBatch,
  runSessions,
  sessionDefaults,
  type SessionOptions,
} from '../sessions.ts';
import type { Source } from '../source.ts';
import { createStatusBoard, type StatusBoard } from '../status.ts';

export interface KafkaSourceOptions
  extends
    SessionOptions,
    Omit<ChunkLimits, 'batchBytesMax'>,
    Pick<ConsumerOptions, 'brokers' | 'groupId' | 'sasl' | 'tls' | 'sessionTimeoutMs'>,
    Partial<typeof kafkaDefaults> {
  /**
   * A tenth of the session's time-out by default, so that several heartbeats may be lost before the group gives the
   * member up.
   */
  readonly heartbeatMs?: number;
  /** Names, and patterns between slashes: `/^cloud-.*$/`. */
  readonly topics: readonly string[];
  /** Start of a topic of which nothing is known: at the oldest record, or with false behind the newest. */
  readonly fromBeginning: boolean;
  readonly positions: PositionStore;
}

/** Sizes in bytes, times in milliseconds. */
const kafkaDefaults = {
  batchBytesMax: 8 * 1024 * 1024,
  fetchBytesMax: 10 * 1024 * 1024,
  partitionBytesMax: 1024 * 1024,
  rebalanceTimeoutMs: 60_000,
  /** How often topics are looked for and the lag is measured. */
  recheckMs: 10_000,
};
const defaults = { ...sessionDefaults, ...kafkaDefaults };
const closeTimeoutMs = 5000;

/** The state that the functions of one source share. */
interface KafkaState {
  readonly options: KafkaSourceOptions & typeof defaults & { readonly heartbeatMs: number };
  readonly rules: readonly TopicRule[];
  readonly board: StatusBoard;
  readonly wakeup: Wakeup;
  /** The topics there were when they were last looked for; undefined before. */
  seen: ReadonlySet<string> | undefined;
  /** Topics that appeared since the source runs. */
  readonly fresh: Set<string>;
  readonly transactions: TransactionWatch;
}

/**
 * Pausing keeps the partitions: heartbeats go on, and what the last fetch brought waits in memory.
 *
 * @throws SyntaxError when one of `topics` is a pattern that is no regular expression.
 */
export function createKafkaSource(given: KafkaSourceOptions): Source {
  repairKafkajs();
  const heartbeatMs = Math.floor(given.sessionTimeoutMs / 10);
  const options = { ...defaults, heartbeatMs, ...given };
  const board = createStatusBoard(options.name, options.log, options.clock);
  const rules = options.topics.map(parseTopic);
  const shared: KafkaState = {
    options,
    rules,
    board,
    wakeup: createWakeup(),
    seen: undefined,
    fresh: new Set(),
    transactions: watchTransactions(options.clock),
  };
  const setPaused = (paused: boolean): void => {
    board.pause(paused);
    shared.wakeup.signal();
  };
  return {
    name: options.name,
    kind: 'kafka',
    status: () => board.status(),
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    run: (record, signal) =>
      runSessions(options, board, () => runSession(shared, record, signal), signal),
  };
}

/** Resolves when `signal` aborted or other topics are to be consumed; rejects when the session ended otherwise. */
async function runSession(
  shared: KafkaState,
  record: RecordBatch,
  signal: AbortSignal,
): Promise<void> {
  const { log, name } = shared.options;
  const kafka = createClient(shared.options);
  const admin = kafka.admin({ retry });
  const closeFailed = (error: unknown): void =>
    log.debug({ source: name, err: error }, 'source.close_failed');
  try {
    await unlessAborted(admin.connect(), signal, late => {
      late.then(() => admin.disconnect()).catch(closeFailed);
    });
    const match = await untilPresent(shared, admin, signal);
    if (match !== undefined) await consume(shared, { kafka, admin, match, record }, signal);
  } catch (error) {
    // kafkajs throws TypeErrors of its own when its list of brokers has run empty: trouble, and no bug of ours.
    throw new Error('Kafka', { cause: error });
  } finally {
    // It waits for what was asked of a broker that may never answer.
    await atMost(closeTimeoutMs, admin.disconnect().catch(closeFailed));
  }
}

/** The topics to consume, as soon as there are any; undefined when `signal` aborted. */
async function untilPresent(
  shared: KafkaState,
  admin: Admin,
  signal: AbortSignal,
): Promise<TopicMatch | undefined> {
  const { options, board } = shared;
  const backoff = createBackoff({ ...options.backoff, maxMs: options.recheckMs }, options.random);
  while (!signal.aborted) {
    const match = await lookForTopics(shared, admin);
    if (match.present.length > 0) return match;
    board.waiting(match.missing.join('; '));
    await delay(backoff.nextMs(), signal);
  }
  return undefined;
}

async function lookForTopics(shared: KafkaState, admin: Admin): Promise<TopicMatch> {
  const existing = await admin.listTopics();
  for (const topic of existing) {
    if (shared.seen?.has(topic) === false) shared.fresh.add(topic);
  }
  shared.seen = new Set(existing);
  return matchTopics(shared.rules, existing);
}

interface KafkaSession {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly match: TopicMatch;
  readonly record: RecordBatch;
}

async function consume(
  shared: KafkaState,
  session: KafkaSession,
  signal: AbortSignal,
): Promise<void> {
  const { options, board, wakeup, fresh } = shared;
  const { match, record } = session;
  const crashed = new AbortController();
  const over = new AbortController();
  const until = AbortSignal.any([signal, crashed.signal, over.signal]);
  until.addEventListener('abort', () => wakeup.signal(), { once: true });
  let held: readonly string[] = [];
  const report = (transactions = held): void => {
    held = transactions;
    const missing = [...match.missing, ...held];
    board.running(missing.length === 0 ? undefined : missing.join('; '));
  };
  const decide = createDecider({
    ...options,
    isFresh: topic => fresh.has(topic),
    onLost: lost => (board.lost = lost),
  });
  const deps = { options, board, wakeup, record, until, decide, report };
  const consumer = createConsumer(session.kafka, options, deps, crashed);
  try {
    await consumer.join(match.present);
    await watch(shared, session, consumer, report);
    if (!signal.aborted && crashed.signal.aborted) throw crashed.signal.reason;
  } catch (error) {
    throw await consumer.reasonOf(error);
  } finally {
    over.abort();
    await consumer.close();
  }
}

/** Resolves when the source is to stop, or when topics have come or gone. */
async function watch(
  shared: KafkaState,
  { admin, match }: KafkaSession,
  consumer: GroupConsumer,
  report: (transactions: readonly string[]) => void,
): Promise<void> {
  const { options, board } = shared;
  const { member } = consumer;
  while (!member.until.aborted) {
    try {
      const { present } = await lookForTopics(shared, admin);
      if (present.join() !== match.present.join()) return;
      await lookForMoves(options, board, member);
      await lookAtLog(shared, consumer, report);
    } catch (error) {
      // Should the trouble be more than passing, the consumer has it, too, and ends the session.
      options.log.debug({ source: options.name, err: error }, 'source.watch_failed');
      board.lag = undefined;
    }
    await delay(options.recheckMs, member.until);
  }
}

/**
 * Has positions decided anew that are not what this member believes, although nothing arrives that would show it: the
 * database was replaced by an older one, or the topic by another of its name.
 */
async function lookForMoves(
  { name, positions }: KafkaSourceOptions,
  board: StatusBoard,
  member: Member,
): Promise<void> {
  // Stored positions only grow while this member has the partition, so these are read first.
  const believed = [...member.readings].map(([key, reading]) => ({ ...reading, key }));
  const topics = Object.keys(member.assignment ?? {});
  if (topics.length === 0) return;
  const ids = await member.topicIds(topics);
  const { positions: list, lost } = await positions.list(name);
  board.lost = lost;
  const stored = new Map(list.map(one => [keyOf(one), one.nextOffset]));
  for (const { topic, partition } of list) {
    const reading = believed.find(({ key }) => key === keyOf({ topic, partition }));
    if (!reading) continue;
    const isOther = ids?.has(topic) === true && ids.get(topic) !== reading.topicId;
    if (isOther) member.forget({ topic, partition });
  }
  for (const { key, recordedTo } of believed) {
    if ((stored.get(key) ?? -1n) < recordedTo) member.forget(placeOf(key));
  }
}

const placeOf = (key: string) => {
  const at = key.lastIndexOf('/');
  return { topic: key.slice(0, at), partition: Number(key.slice(at + 1)) };
};

async function lookAtLog(
  { options, board, transactions }: KafkaState,
  { cluster, member }: GroupConsumer,
  report: (transactions: readonly string[]) => void,
): Promise<void> {
  if (member.assignment === undefined) return;
  const places = Object.entries(member.assignment).flatMap(([topic, partitions]) =>
    partitions.map(partition => ({ topic, partition })),
  );
  const positions = new Map(
    [...member.readings].map(([key, { nextOffset }]) => [key, nextOffset] as const),
  );
  const ends = await fetchEnds(cluster, places);
  board.lag = measureLag(ends, positions, options.fromBeginning);
  const held = transactions.look(ends);
  if (board.status().state === 'running') report(held);
}
