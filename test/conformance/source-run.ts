/** A source at work in a test, and what came of it. */
import type { Message, MessageBatch } from '../../src/event/message.ts';
import type { Source } from '../../src/source/source.ts';
import { waitUntil } from '../service/wait-until.ts';
import type { CapturedLog } from './source-log.ts';

export type RecordBatch = (batch: MessageBatch) => Promise<void>;

/** Disposed of, it gives up the batch that is being recorded and stops. */
export interface Run extends AsyncDisposable {
  readonly source: Source;
  readonly log: CapturedLog;
  /** Handed over so far, recorded or not. */
  readonly batches: readonly MessageBatch[];
  messages(): Message[];
  /** The bodies of all messages, as text. */
  bodies(): string[];
  untilReceived(count: number): Promise<void>;
  untilRunning(): Promise<void>;
  untilReason(reason: RegExp): Promise<void>;
  /** Aborts, and resolves when the source has left, after the batch that is being recorded. */
  stop(): Promise<void>;
}

const deadlineMs = 60_000;

export function runSource(source: Source, log: CapturedLog, record: RecordBatch = nothing): Run {
  const controller = new AbortController();
  const batches: MessageBatch[] = [];
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => undefined);
  const running = source.run(async batch => {
    batches.push(batch);
    await Promise.race([record(batch), over.promise]);
  }, controller.signal);
  const reason = (): string => source.status().reason ?? '';
  const messages = (): Message[] => batches.flatMap(batch => [...batch.messages]);
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  return {
    source,
    log,
    batches,
    messages,
    bodies: () => messages().map(({ body }) => Buffer.from(body ?? []).toString()),
    untilReceived: async count => {
      await waitUntil(`${count} messages`, () => messages().length >= count, deadlineMs);
    },
    untilRunning: async () => {
      await waitUntil('the source to run', () => source.status().state === 'running', deadlineMs);
    },
    untilReason: async expected => {
      await waitUntil(`the reason ${expected}`, () => expected.test(reason()), deadlineMs);
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      over.reject(new Error('the test is over'));
      await stop();
    },
  };
}

async function nothing(): Promise<void> {}
