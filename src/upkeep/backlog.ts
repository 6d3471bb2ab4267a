/** Pauses the sources while too many deliveries are waiting; the bus keeps further messages. */
import type { Log } from '../event/log.ts';
import { delay } from '../event/wait.ts';
import type { Source } from '../source/source.ts';
import type { WaitingDays } from '../store/delivery/days.ts';
import { countWaiting } from '../store/delivery/waiting.ts';
import { databaseOf, type Store } from '../store/database.ts';

export interface BacklogOptions {
  readonly store: Store;
  readonly days: WaitingDays;
  readonly sources: readonly Source[];
  /** Number of deliveries waiting in the database at which the sources pause; they resume at four fifths of it. */
  readonly max: number;
  readonly log: Log;
}

export interface Backlog {
  /** Number of deliveries waiting when last counted, up to `max`. */
  readonly waiting: number;
  /** Counts and decides every few seconds until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** How often is counted: while anything waits, and while nothing does. */
const countMs = { some: 5_000, none: 15_000 };
const resumeShare = 0.8;

export function watchBacklog({ store, days, sources, max, log }: BacklogOptions): Backlog {
  let waiting = 0;
  /** Sources paused by the backlog, as opposed to those that an operator paused. */
  const paused = new Set<Source>();

  function decide(): void {
    if (waiting >= max) {
      const running = sources.filter(source => source.status().state !== 'paused');
      for (const source of running) {
        source.pause();
        paused.add(source);
      }
      if (running.length > 0) log.warn({ waiting, max }, 'backlog.full');
    } else if (waiting <= max * resumeShare && paused.size > 0) {
      for (const source of paused) source.resume();
      paused.clear();
      log.info({ waiting }, 'backlog.drained');
    }
  }

  return {
    get waiting() {
      return waiting;
    },
    async run(signal) {
      while (!signal.aborted) {
        try {
          const database = databaseOf(store);
          waiting = await countWaiting(database, await days.current(database), max);
          decide();
        } catch (error) {
          log.debug({ err: error }, 'backlog.not_counted');
        }
        await delay(waiting > 0 ? countMs.some : countMs.none, signal);
      }
    },
  };
}
