/**
 * Writes what became of deliveries, in batches: at most `flushMs` after an attempt ended, or as soon as there are
 * `flushMax`. One batch at a time; what ends meanwhile waits for the next. Database trouble is waited out: the
 * outcomes stay in memory, where the window bounds them.
 */
import { setTimeout as wait } from 'node:timers/promises';

import type { Log } from '../event/log.ts';
import { databaseOf, type Store } from '../store/open.ts';
import {
  insertOutcomes,
  updateOutcomes,
  type ClaimedOutcome,
  type Outcome,
} from '../store/outcome.ts';

export interface WriterOptions {
  readonly store: Store;
  readonly processId: () => number;
  readonly flushMs: number;
  readonly flushMax: number;
  readonly log: Log;
}

export interface Writer {
  /** @param written is called once the row is committed. */
  write(outcome: Outcome | ClaimedOutcome, written: () => void): void;
  /** Resolves when everything handed over is written; gives up on the rest when `signal` aborts. */
  drain(signal: AbortSignal): Promise<void>;
}

interface Entry {
  readonly outcome: Outcome | ClaimedOutcome;
  readonly written: () => void;
}

const retryMs = 500;
/** Failures between two log lines. */
const logEvery = 20;

export function createWriter(options: WriterOptions): Writer {
  let entries: Entry[] = [];
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> | undefined;
  let abandoned = false;

  async function writeUntilDone(batch: readonly Entry[]): Promise<void> {
    for (let failures = 0; !abandoned; failures += 1) {
      try {
        await writeBatch(options, batch);
        for (const { written } of batch) written();
        return;
      } catch (error) {
        if (failures % logEvery === 0) {
          options.log.error({ err: error, waiting: batch.length }, 'outcomes.not_written');
        }
        await wait(retryMs);
      }
    }
  }

  function schedule(): void {
    if (flushing || entries.length === 0) return;
    if (entries.length >= options.flushMax) start();
    else timer ??= setTimeout(start, options.flushMs);
  }

  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    if (flushing || entries.length === 0) return;
    const batch = entries.slice(0, options.flushMax);
    entries = entries.slice(options.flushMax);
    flushing = writeUntilDone(batch).finally(() => {
      flushing = undefined;
      schedule();
    });
  }

  return {
    write(outcome, written) {
      entries.push({ outcome, written });
      schedule();
    },
    async drain(signal) {
      while ((entries.length > 0 || flushing) && !signal.aborted) {
        start();
        await Promise.race([flushing, aborted(signal)]);
      }
      abandoned = signal.aborted;
    },
  };
}

/** Both statements are idempotent, so a batch whose commit was cut off is simply written again. */
async function writeBatch(options: WriterOptions, batch: readonly Entry[]): Promise<void> {
  const fresh: Outcome[] = [];
  const claimed: ClaimedOutcome[] = [];
  for (const { outcome } of batch) {
    if ('deliveryId' in outcome) claimed.push(outcome);
    else fresh.push(outcome);
  }
  const database = databaseOf(options.store);
  if (fresh.length > 0) await insertOutcomes(database, fresh);
  if (claimed.length > 0) await updateOutcomes(database, options.processId(), claimed);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
