/**
 * Writes the outcomes of deliveries in batches: at most `flushMs` after an attempt ended, or as soon as there are
 * `flushMax`. One batch at a time; later outcomes wait for the next. Database trouble is waited out: the outcomes stay
 * in memory, where the window bounds them.
 */
import { setTimeout as wait } from 'node:timers/promises';

import type { Log } from '../../event/log.ts';
import { insertFreshOutcomes, updateOutcomes, type Outcome } from '../../store/delivery/outcome.ts';
import { databaseOf, type Store } from '../../store/database.ts';

export interface WriterOptions {
  readonly store: Store;
  readonly processId: () => number;
  readonly flushMs: number;
  readonly flushMax: number;
  readonly log: Log;
}

interface PendingOutcome {
  readonly outcome: Outcome;
  readonly written: () => void;
}

const retryMs = 500;
/** Number of failures between two log lines. */
const logEvery = 20;

export class Writer {
  readonly #options: WriterOptions;
  #entries: PendingOutcome[] = [];
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #abandoned = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Writes an outcome. @param written is called once the row is committed. */
  write(outcome: Outcome, written: () => void): void {
    this.#entries.push({ outcome, written });
    this.#schedule();
  }

  /** Resolves when every outcome is written; gives up on the rest when `signal` aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    const { promise: gaveUp, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => resolve(), { once: true });
    while ((this.#entries.length > 0 || this.#flushing) && !signal.aborted) {
      this.#start();
      await Promise.race([this.#flushing, gaveUp]);
    }
    this.#abandoned = true;
  }

  #schedule(): void {
    const { flushMs, flushMax } = this.#options;
    if (this.#flushing || this.#entries.length === 0) return;
    if (this.#entries.length >= flushMax) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), flushMs);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#flushing || this.#entries.length === 0) return;
    const batch = this.#entries.slice(0, this.#options.flushMax);
    this.#entries = this.#entries.slice(this.#options.flushMax);
    this.#flushing = this.#writeUntilDone(batch).finally(() => {
      this.#flushing = undefined;
      this.#schedule();
    });
  }

  async #writeUntilDone(batch: readonly PendingOutcome[]): Promise<void> {
    for (let failures = 0; !this.#abandoned; failures += 1) {
      try {
        await this.#writeBatch(batch);
        for (const { written } of batch) written();
        return;
      } catch (error) {
        if (failures % logEvery === 0) {
          this.#options.log.error({ err: error, waiting: batch.length }, 'outcomes.not_written');
        }
        await wait(retryMs);
      }
    }
  }

  /** Both statements are idempotent, so a batch whose commit was cut off is simply written again. */
  async #writeBatch(batch: readonly PendingOutcome[]): Promise<void> {
    const { store, processId } = this.#options;
    const outcomes = batch.map(entry => entry.outcome);
    const fresh = outcomes.filter(({ deliveryId }) => deliveryId === undefined);
    const claimed = outcomes.filter(({ deliveryId }) => deliveryId !== undefined);
    if (fresh.length > 0) await insertFreshOutcomes(databaseOf(store), fresh);
    if (claimed.length > 0) await updateOutcomes(databaseOf(store), processId(), claimed);
  }
}
