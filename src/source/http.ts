/**
 * Messages that others post: there is no broker, so the sender waits until its message is recorded.
 *
 * While one batch is being recorded the next one gathers here, so that many senders share a transaction and a lone one
 * waits for nothing. A message whose sender was told to try again is not recorded any more, unless that is under way:
 * an answer never promises more than was done.
 */
import { BatchGivenUpError } from '../event/errors.ts';
import type { Log } from '../event/log.ts';
import type { Message, MessageBatch, MessageOutcome } from '../event/message.ts';
import { createWakeup } from './wakeup.ts';
import type { RecordBatch } from './sessions.ts';
import type { Source } from './source.ts';
import { createStatusBoard } from './status.ts';

export interface HttpSourceOptions {
  readonly name: string;
  /** Maximum number of messages in a batch. */
  readonly batchMax: number;
  /** A batch is closed by the message that brings it to this many bytes; 8 MiB by default. */
  readonly batchBytesMax?: number;
  /** Maximum number of messages waiting for a batch. */
  readonly waitingMax: number;
  /** Maximum number of their bytes; 64 MiB by default. */
  readonly waitingBytesMax?: number;
  /** A message that is not recorded after this long is refused. */
  readonly waitMs: number;
  readonly log: Log;
  /** `Date.now` by default. */
  readonly clock?: () => number;
}

export interface HttpSource extends Source {
  readonly kind: 'http';
  /** Resolves when the message is durable, or was rejected: then the sender has to send it again. */
  accept(this: void, message: Message): Promise<Acceptance>;
}

export type Acceptance = MessageOutcome | Rejection;

export interface Rejection {
  readonly kind: 'refused';
  /** Reason, for the sender to read. */
  readonly reason: string;
  readonly retryAfterSeconds: number;
}

const defaults = {
  batchBytesMax: 8 * 1024 * 1024,
  waitingBytesMax: 64 * 1024 * 1024,
  clock: Date.now,
};

const rejection = (reason: string, retryAfterSeconds: number): Rejection => ({
  kind: 'refused',
  reason,
  retryAfterSeconds,
});
const stopped = rejection('This Hookline accepts no messages now.', 5);
const paused = rejection(
  'The source is paused, by an operator or because too many deliveries are waiting.',
  30,
);
const full = rejection('Too many requests are waiting to be recorded.', 2);
const late = rejection('The message could not be recorded in time.', 5);

/** A message whose sender waits. */
interface PendingMessage {
  readonly message: Message;
  readonly bytes: number;
  /** False once the sender has its answer. */
  isOpen: boolean;
  answer(this: void, acceptance: Acceptance): void;
}

export function createHttpSource(given: HttpSourceOptions): HttpSource {
  const options = { ...defaults, ...given };
  const board = createStatusBoard(options.name, options.log, options.clock);
  const wakeup = createWakeup();
  const queue = createQueue(options);
  let isOpen = false;
  /** The batch that is being recorded. */
  let taken: readonly PendingMessage[] = [];
  return {
    name: options.name,
    kind: 'http',
    status: () => {
      const recording = taken.filter(one => one.isOpen).length;
      board.lag = isOpen ? queue.length + recording : undefined;
      return board.status();
    },
    pause: () => board.pause(true),
    resume: () => board.pause(false),
    async accept(message) {
      if (!isOpen) return stopped;
      if (board.paused) return paused;
      const bytes = message.body?.length ?? 0;
      if (!queue.hasRoom(bytes)) return full;
      const { promise, resolve } = Promise.withResolvers<Acceptance>();
      const waiting: PendingMessage = {
        message,
        bytes,
        isOpen: true,
        answer(acceptance) {
          waiting.isOpen = false;
          clearTimeout(timer);
          resolve(acceptance);
        },
      };
      const timer = setTimeout(() => waiting.answer(late), options.waitMs);
      queue.push(waiting);
      wakeup.signal();
      return promise;
    },
    async run(record, signal) {
      signal.addEventListener('abort', () => wakeup.signal(), { once: true });
      isOpen = true;
      board.running();
      try {
        while (!signal.aborted) {
          taken = queue.take();
          if (taken.length === 0) await wakeup.wait();
          else await recordTaken(taken, record);
        }
      } finally {
        isOpen = false;
        for (const waiting of queue.drain()) waiting.answer(stopped);
        board.stopped();
      }
    },
  };
}

/** Resolves when every sender has an answer. */
async function recordTaken(taken: readonly PendingMessage[], record: RecordBatch): Promise<void> {
  const waitingFor = new Map(taken.map(waiting => [waiting.message, waiting]));
  const batch: MessageBatch = {
    messages: taken.map(({ message }) => message),
    isHeld: () => taken.some(waiting => waiting.isOpen),
    tell: (message, outcome) => waitingFor.get(message)?.answer(outcome),
  };
  try {
    await record(batch);
  } catch (error) {
    if (!(error instanceof BatchGivenUpError)) throw error;
  } finally {
    for (const waiting of taken) if (waiting.isOpen) waiting.answer(late);
  }
}

function createQueue({
  batchMax,
  batchBytesMax,
  waitingMax,
  waitingBytesMax,
}: Required<HttpSourceOptions>) {
  let waiting: PendingMessage[] = [];
  let bytes = 0;

  function remove(count: number): readonly PendingMessage[] {
    const removed = waiting.splice(0, count);
    for (const one of removed) bytes -= one.bytes;
    return removed.filter(one => one.isOpen);
  }

  return {
    get length() {
      return waiting.length;
    },
    /** An empty queue has room for a message of any size. */
    hasRoom: (more: number): boolean =>
      waiting.length === 0 || (waiting.length < waitingMax && bytes + more <= waitingBytesMax),
    push(one: PendingMessage): void {
      waiting.push(one);
      bytes += one.bytes;
    },
    /** Takes the oldest messages, as many as make a batch; none when nobody waits. */
    take(): readonly PendingMessage[] {
      waiting = waiting.filter(one => {
        if (!one.isOpen) bytes -= one.bytes;
        return one.isOpen;
      });
      let batchBytes = 0;
      let count = 0;
      for (const one of waiting) {
        count += 1;
        batchBytes += one.bytes;
        if (count >= batchMax || batchBytes >= batchBytesMax) break;
      }
      return remove(count);
    },
    drain: () => remove(waiting.length),
  };
}
