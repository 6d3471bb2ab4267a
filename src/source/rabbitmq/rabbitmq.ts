/**
 * Messages from RabbitMQ: a durable queue of our own, bound to the cloud's exchanges.
 *
 * A session is one connection: declare the queue, consume it, and keep the bindings in order meanwhile. Whatever ends a
 * session (broker restart, deleted queue, rejected batch) is answered the same way: leave, which returns all that was
 * not acknowledged to the broker, wait, and begin a new one. The queue is consumed whether or not the exchanges are
 * there: what it holds is owed.
 */
import { createBackoff, delay } from '../../event/wait.ts';
import { type Wakeup, createWakeup } from '../wakeup.ts';
import {
  type QueueConsumer,
  type QueueConsumerOptions,
  openConsumer,
} from './rabbitmq-consumer.ts';
import { type Link, type LinkOptions, openLink } from './rabbitmq-link.ts';
import { bindExchanges, declareQueue, queueDepth, type Topology } from './rabbitmq-topology.ts';
import {
  type RecordBatch,
  runSessions,
  sessionDefaults,
  type SessionOptions,
} from '../sessions.ts';
import type { Source } from '../source.ts';
import { createStatusBoard, type StatusBoard } from '../status.ts';

export interface RabbitmqSourceOptions
  extends SessionOptions, LinkOptions, Topology, Omit<QueueConsumerOptions, 'batchBytesMax'> {
  /** 8 MiB by default. */
  readonly batchBytesMax?: number;
  /** How often the bindings are checked and the queue's depth is measured; 10 s by default. */
  readonly recheckMs?: number;
  /** A pause longer than this gives the messages held back to the broker, for other replicas; 60 s by default. */
  readonly handBackMs?: number;
}

const defaults = {
  ...sessionDefaults,
  batchBytesMax: 8 * 1024 * 1024,
  recheckMs: 10_000,
  handBackMs: 60_000,
};

/** The state that the functions of one source share. */
interface RabbitmqState {
  readonly options: RabbitmqSourceOptions & typeof defaults;
  readonly board: StatusBoard;
  readonly wakeup: Wakeup;
  /** The present consumer, if there is one. */
  consumer: QueueConsumer | undefined;
  /** Reasons why exchanges are not bound; undefined until they have been checked in this session. */
  missing: readonly string[] | undefined;
}
/**
 * Pausing stops consuming at once: the broker sends ahead up to the prefetch and no further. A pause that lasts gives
 * those messages back.
 */
export function createRabbitmqSource(given: RabbitmqSourceOptions): Source {
  const options = { ...defaults, ...given };
  const board = createStatusBoard(options.name, options.log, options.clock);
  const shared: RabbitmqState = {
    options,
    board,
    wakeup: createWakeup(),
    consumer: undefined,
    missing: undefined,
  };
  const setPaused = (paused: boolean): void => {
    board.pause(paused);
    shared.wakeup.signal();
  };
  return {
    name: options.name,
    kind: 'rabbitmq',
    status: () => board.status(),
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
  let upkeep: Promise<void> | undefined;
  try {
    shared.missing = undefined;
    await declareQueue(link, shared.options);
    upkeep = keepBound(shared, link, until).catch((error: unknown) => over.abort(error));
    await consume(shared, link, record, until);
    if (!signal.aborted) throw until.reason;
  } finally {
    over.abort();
    await upkeep;
    await link.close();
  }
}

/** Binds what is not bound, and measures how much is waiting, until told to stop. */
async function keepBound(shared: RabbitmqState, link: Link, until: AbortSignal): Promise<void> {
  const { options, board } = shared;
  const backoff = createBackoff({ ...options.backoff, maxMs: options.recheckMs }, options.random);
  while (!until.aborted) {
    const missing = await bindExchanges(link, options);
    shared.missing = missing;
    report(shared);
    const depth = await queueDepth(link, options);
    board.lag = depth === undefined ? undefined : depth + (shared.consumer?.heldCount ?? 0);
    if (missing.length === 0) backoff.reset();
    await delay(missing.length === 0 ? options.recheckMs : backoff.nextMs(), until);
  }
}

/** A source runs when it consumes, or would if it were not paused, and an exchange feeds its queue. */
function report({ options, board, consumer, missing }: RabbitmqState): void {
  if (missing === undefined || (consumer === undefined && !board.paused)) return;
  if (missing.length === 0) board.running();
  else if (missing.length < options.exchange.length) board.running(missing.join('; '));
  else board.waiting(missing.join('; '));
}

async function consume(
  shared: RabbitmqState,
  link: Link,
  record: RecordBatch,
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    while (shared.board.paused && !until.aborted) await shared.wakeup.wait();
    if (until.aborted) return;
    const consumer = await link.answer(openConsumer(link, shared.options, shared.wakeup));
    const release = (): void => void consumer.release();
    until.addEventListener('abort', release, { once: true });
    shared.consumer = consumer;
    report(shared);
    try {
      await recordArrivals(shared, consumer, record, until);
    } finally {
      until.removeEventListener('abort', release);
      shared.consumer = undefined;
      await consumer.close();
    }
  }
}

/** Resolves when told to stop or paused for long; rejects when nothing more will come by this consumer. */
async function recordArrivals(
  { options, board, wakeup }: RabbitmqState,
  consumer: QueueConsumer,
  record: RecordBatch,
  until: AbortSignal,
): Promise<void> {
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
