/**
 * Starts whatever the scheduler lets start, as often as it is told that something may have changed, and by itself when
 * only time held something back.
 *
 * A request to a receiver that is slow or not met yet opens a connection more often than not, and an event that is owed
 * to a thousand of them would keep the event loop, and with it every other tenant, until the last has been begun. So
 * such requests get a few milliseconds in each turn of the loop, and the rest of them the next turns.
 */
import { createAlarm } from './alarm.ts';
import type { Queued, Slot } from './scheduler/model.ts';
import type { Scheduler } from './scheduler/scheduler.ts';

/** Time in one turn of the event loop in which requests to slow receivers may be begun. */
const slowStartsMs = 2;

export class Pump<T extends Queued> {
  readonly #scheduler: Scheduler<T>;
  readonly #start: (slot: Slot<T>) => void;
  readonly #alarm = createAlarm(() => {
    this.#scheduler.recheck();
    this.run();
  });
  #isRunning = false;
  #isStopped = false;
  /** What requests to slow receivers have taken of this turn of the event loop. */
  #slowMs = 0;
  #nextTurn: NodeJS.Immediate | undefined;

  /** @param start begins the request of a slot; it may end at once. */
  constructor(scheduler: Scheduler<T>, start: (slot: Slot<T>) => void) {
    this.#scheduler = scheduler;
    this.#start = start;
  }

  run(): void {
    // A delivery that ends within this loop (nothing to send it to) must not start a second loop inside it.
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    for (let slot = this.#next(); slot; slot = this.#next()) {
      if (slot.lane.isSlow) this.#startSlow(slot);
      else this.#start(slot);
    }
    this.#isRunning = false;
    this.#alarm.setFor(this.#scheduler.readyAtMs);
  }

  /** Starts nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#alarm.cancel();
    clearImmediate(this.#nextTurn);
  }

  #next(): Slot<T> | undefined {
    return this.#slowMs < slowStartsMs ? this.#scheduler.next() : this.#scheduler.nextQuick();
  }

  #startSlow(slot: Slot<T>): void {
    const beganAtMs = performance.now();
    this.#start(slot);
    this.#slowMs += performance.now() - beganAtMs;
    this.#nextTurn ??= setImmediate(() => {
      this.#nextTurn = undefined;
      this.#slowMs = 0;
      this.run();
    });
  }
}
