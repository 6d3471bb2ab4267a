/**
 * Messages from RabbitMQ: a durable queue of our own, bound to the cloud's exchanges, or queues of others.
 *
 * A session is one connection: declare and bind, which comes before anything else, consume, and keep the bindings in
 * order meanwhile. Whatever ends a session (broker restart, deleted queue, rejected batch) is answered the same way:
 * leave, which returns all that was not acknowledged to the broker, and begin a new one: soon where the broker is merely
 * away, else after a wait. The queue is consumed whether or not the exchanges are there: what it holds is owed.
 */
import { createBackoff, delay } from '../../event/wait.ts';
import { type Wakeup, createWakeup } from '../wakeup.ts';
import {
  type QueueConsumer,
  type QueueConsumerOptions,
  openConsumer,
} from './rabbitmq-consumer.ts';
import { createForeignQueues } from './rabbitmq-foreign-queues.ts';
import type { Inlet, QueuesFound } from './rabbitmq-inlet.ts';
import { isAway, type Link, type LinkOptions, openLink } from './rabbitmq-link.ts';
import { findDroppingRules, type ManagementOptions } from './rabbitmq-management.ts';
import { createOwnQueue, type OwnQueueOptions } from './rabbitmq-own-queue.ts';
import {
  type RecordBatch,
  runSessions,
  sessionDefaults,
  type SessionOptions,
} from '../sessions.ts';
import { createNotices, type Notices } from '../notices.ts';
import type { Source } from '../source.ts';
import { createStatusBoard, type StatusBoard } from '../status.ts';

export interface RabbitmqSourceOptions
  extends
    SessionOptions,
    LinkOptions,
    OwnQueueOptions,
    ManagementOptions,
    Omit<QueueConsumerOptions, 'batchBytesMax' | 'queuesMax'> {
  /** Queues of others, which are read instead of a queue of our own. */
  readonly queues?: readonly string[] | undefined;
  /** 8 MiB by default. */
  readonly batchBytesMax?: number;
  /** How often the bindings are checked and the queue's depth is measured; 10 s by default. */
  readonly recheckMs?: number;
  /** How often the management API is asked for policies; a minute by default. */
  readonly policyMs?: number;
  /** A pause longer than this gives the messages held back to the broker, for other replicas; 60 s by default. */
  readonly handBackMs?: number;
}

const defaults = {
  ...sessionDefaults,
  isAway,
  batchBytesMax: 8 * 1024 * 1024,
  recheckMs: 10_000,
  handBackMs: 60_000,
  policyMs: 60_000,
};

/** The state that the functions of one source share. */
interface RabbitmqState {
  readonly options: RabbitmqSourceOptions & typeof defaults;
  readonly board: StatusBoard;
  readonly wakeup: Wakeup;
  readonly inlet: Inlet;
  readonly notices: Notices;
  /** The present consumer, if there is one. */
  consumer: QueueConsumer | undefined;
  /** At the last look in this session. */
  found: QueuesFound;
}

const nothingFound: QueuesFound = { queues: [], missing: [], isFed: false };

/**
 * Pausing stops consuming at once: the broker sends ahead up to the prefetch and no further. A pause that lasts gives
 * those messages back.
 */
export function createRabbitmqSource(given: RabbitmqSourceOptions): Source {
  const options = { ...defaults, ...given };
  const board = createStatusBoard(options.name, options.log, options.clock);
  const notices = createNotices(options.name, options.log, options.clock);
  const shared: RabbitmqState = {
    options,
    board,
    wakeup: createWakeup(),
    notices,
    inlet: options.queues ? createForeignQueues(options.queues) : createOwnQueue(options, notices),
    consumer: undefined,
    found: nothingFound,
  };
  const setPaused = (paused: boolean): void => {
    board.pause(paused);
    shared.wakeup.signal();
  };
  return {
    name: options.name,
    kind: 'rabbitmq',
    status: () => ({ ...board.status(), ...notices.status() }),
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    run: (record, signal) =>
      runSessions(options, board, () => runSession(shared, record, signal), signal),
  };
}

/** Resolves when `signal` aborted; rejects when the session ended otherwise. */
async function runSession(
  shared: RabbitmqState,
  record: RecordBatch,
  signal: AbortSignal,
): Promise<void> {
  const link = await openLink(shared.options, signal);
  if (link === undefined) return;
  const over = new AbortController();
  const until = AbortSignal.any([signal, link.lost, over.signal]);
  until.addEventListener('abort', () => shared.wakeup.signal(), { once: true });
  let upkeep: Promise<unknown> | undefined;
  try {
    shared.found = await shared.inlet.open(link);
    report(shared);
    upkeep = Promise.all([
      keepBound(shared, link, until).catch((error: unknown) => over.abort(error)),
      watchPolicies(shared, until),
    ]);
    await consume(shared, link, record, until);
    if (!signal.aborted) throw until.reason;
  } finally {
    over.abort();
    await upkeep;
    await link.close();
  }
}

/** What is missing is looked for more often in the first minute: publishers that were restarted with the broker come soon. */
const youngMs = 60_000;
const youngRecheckMs = 1_000;

/** Binds what is not bound, and measures how much is waiting, until told to stop. */
async function keepBound(shared: RabbitmqState, link: Link, until: AbortSignal): Promise<void> {
  const { options, board, inlet } = shared;
  const { recheckMs, clock } = options;
  const backoff = createBackoff({ ...options.backoff, maxMs: recheckMs }, options.random);
  const startedAt = clock();
  while (!until.aborted) {
    const depth = await inlet.countWaiting(link);
    board.lag = depth === undefined ? undefined : depth + (shared.consumer?.heldCount ?? 0);
    const isWhole = shared.found.missing.length === 0;
    if (isWhole) backoff.reset();
    const isYoung = clock() - startedAt < youngMs;
    const missedMs = Math.min(backoff.nextMs(), isYoung ? youngRecheckMs : recheckMs);
    await delay(isWhole ? recheckMs : missedMs, until);
    if (until.aborted) return;
    shared.found = await inlet.check(link);
    // Queues of others may have appeared.
    if (shared.consumer) await link.answer(shared.consumer.consume(shared.found.queues));
    report(shared);
    shared.wakeup.signal();
  }
}

/** Warns of policies and arguments that drop messages; a policy may be applied at any time. */
async function watchPolicies(
  { options, found, notices }: RabbitmqState,
  until: AbortSignal,
): Promise<void> {
  while (options.managementUrl !== undefined && !until.aborted) {
    const rules = await findDroppingRules(options, options.queues ?? found.queues, until);
    if (until.aborted) return;
    notices.warn('policies', rules);
    await delay(options.policyMs, until);
  }
}

/** A source runs when it consumes, or would if it were not paused, and something feeds its queues. */
function report({ board, consumer, found }: RabbitmqState): void {
  if (consumer === undefined && !board.paused && found.queues.length > 0) return;
  if (!found.isFed) board.waiting(found.missing.join('; '));
  else board.running(found.missing.length === 0 ? undefined : found.missing.join('; '));
}

async function consume(
  shared: RabbitmqState,
  link: Link,
  record: RecordBatch,
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    while (isIdle(shared) && !until.aborted) await shared.wakeup.wait();
    if (until.aborted) return;
    const queuesMax = shared.options.queues?.length ?? 1;
    const opening = openConsumer(link, { ...shared.options, queuesMax }, shared.wakeup);
    const consumer = await link.answer(opening);
    const release = (): void => void consumer.release();
    until.addEventListener('abort', release, { once: true });
    try {
      await link.answer(consumer.consume(shared.found.queues));
      shared.consumer = consumer;
      report(shared);
      await recordArrivals(shared, consumer, record, until);
    } finally {
      until.removeEventListener('abort', release);
      shared.consumer = undefined;
      await consumer.close();
    }
  }
}

/** Whether there is nothing to consume, or it is not to be consumed. */
const isIdle = ({ board, found }: RabbitmqState): boolean =>
  board.paused || found.queues.length === 0;

/** Resolves when told to stop or paused for long; rejects when nothing more will come by this consumer. */
async function recordArrivals(
  shared: RabbitmqState,
  consumer: QueueConsumer,
  record: RecordBatch,
  until: AbortSignal,
): Promise<void> {
  const { options, board, wakeup } = shared;
  let handBackAt: number | undefined;
  while (!until.aborted) {
    if (consumer.ended !== undefined) throw new Error(consumer.ended);
    if (board.paused) {
      handBackAt ??= options.clock() + options.handBackMs;
      const leftMs = handBackAt - options.clock();
      if (leftMs <= 0) return;
      await wakeup.wait(leftMs);
      continue;
    }
    handBackAt = undefined;
    const batch = consumer.take();
    if (batch === undefined) await wakeup.wait();
    else if (await isRecorded(record(batch), until)) consumer.settle();
  }
}

/** @throws Error when the batch was given up although nobody told us to stop. */
async function isRecorded(recording: Promise<void>, until: AbortSignal): Promise<boolean> {
  try {
    await recording;
    return true;
  } catch (error) {
    if (until.aborted) return false;
    throw new Error('a batch was given up', { cause: error });
  }
}
