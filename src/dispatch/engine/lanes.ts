/**
 * Which delivery goes next: fairly over the webhooks, and never so many of one that another must wait for it.
 *
 * Each webhook is a lane. Lanes that have something to send stand in a ring and take turns. A lane may start another
 * request only while
 *
 * - it has fewer in flight than the pool has slots free, so that whoever comes next finds room: one lane alone
 *   gets half the pool, and one that hangs leaves the other half;
 * - it has fewer in flight than its own limit, which is halved with every silent attempt (a deadline passed, no
 *   connection) and grows by one with every answered one;
 * - it is not slow, or the slow lanes together have less than half the pool. A lane is slow while its answers take
 *   longer than `slowMs` on average, or its last attempt was silent;
 * - its webhook's rate allows another one now;
 * - where its webhook wants batches, one is full or its oldest delivery has waited long enough.
 *
 * A lane that may not start is parked, and looks again when any attempt ends, or at `readyAtMs`.
 */
import { createQueue, type Queue } from './queue.ts';

/** What a lane carries. */
export interface Queued {
  readonly webhookId: string;
  /** When it was put into the lane, milliseconds of a steady clock. */
  readonly queuedAtMs: number;
}

export interface LaneOptions {
  /** Requests in flight, in all lanes, to begin with. */
  readonly concurrency: number;
  /** An average answer above this makes a lane slow, in milliseconds. */
  readonly slowMs: number;
  /** What the webhook asks for itself. */
  readonly wishesOf: (webhookId: string) => LaneWishes | undefined;
  /** Milliseconds of the clock that `queuedAtMs` is of. */
  readonly clock: () => number;
}

export interface LaneWishes {
  /** Requests in flight at most. */
  readonly concurrencyMax?: number | null;
  /** Requests begun in a second at most. */
  readonly ratePerSecondMax?: number | null;
  /** Deliveries in one request, and how long the oldest waits for them, in milliseconds. */
  readonly batch?: { readonly eventsMax: number; readonly waitMs: number } | null;
}

export interface LaneState {
  readonly waiting: number;
  readonly inFlight: number;
  readonly limit: number;
  readonly slow: boolean;
  /** Deliveries that one request may carry. */
  readonly requestMax: number;
}

interface Lane<T extends Queued> {
  readonly webhookId: string;
  readonly queue: Queue<T>;
  inFlight: number;
  limit: number;
  averageMs: number;
  slow: boolean;
  /** Standing in the ring or parked; a lane is in one place at most. */
  listed: boolean;
  /** When the next request would begin if all were spaced evenly at the webhook's rate. */
  dueAtMs: number;
}

const none: LaneWishes = {};
/** Weight of the newest answer in a lane's average. */
const averageWeight = 0.2;
/** A rate is kept over this time; within it requests may come together. */
const burstMs = 100;

export class Lanes<T extends Queued> {
  readonly #options: LaneOptions;
  #concurrency: number;
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #ring = createQueue<Lane<T>>();
  #parked: Lane<T>[] = [];
  #readyAtMs = Infinity;
  #inFlight = 0;
  #slowInFlight = 0;
  #waiting = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#concurrency = options.concurrency;
  }

  /** Deliveries waiting, in all lanes. */
  get waiting(): number {
    return this.#waiting;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * When a parked lane may start that nothing but time holds back; Infinity when there is none. To be followed by
   * `recheck`.
   */
  get readyAtMs(): number {
    return this.#readyAtMs;
  }

  /** Makes the pool larger or smaller from now on. What is in flight beyond it ends by itself. */
  resize(concurrency: number): void {
    // A lane that nothing held back so far is not held back by the old size either.
    for (const lane of this.#lanes.values()) {
      if (lane.limit >= this.#concurrency) lane.limit = concurrency;
    }
    this.#concurrency = concurrency;
    this.recheck();
  }

  /** Lets every parked lane look again. */
  recheck(): void {
    for (const lane of this.#parked) this.#ring.push(lane);
    this.#parked.length = 0;
    this.#readyAtMs = Infinity;
  }

  add(delivery: T): void {
    const lane = this.#laneOf(delivery.webhookId);
    lane.queue.push(delivery);
    this.#waiting += 1;
    this.#list(lane);
    // The batch that a parked lane has waited for is full.
    if (lane.queue.size === this.#options.wishesOf(lane.webhookId)?.batch?.eventsMax)
      this.recheck();
  }

  /** The next delivery to send, counted as in flight from now on; undefined when none may start. */
  next(): T | undefined {
    while (this.#inFlight < this.#concurrency) {
      const lane = this.#ring.shift();
      if (!lane) return undefined;
      const wishes = this.#options.wishesOf(lane.webhookId) ?? none;
      if (lane.queue.size > 0 && !this.#mayStart(lane, wishes)) {
        this.#parked.push(lane);
        continue;
      }
      lane.listed = false;
      const delivery = lane.queue.shift();
      if (!delivery) continue;
      this.#waiting -= 1;
      this.#inFlight += 1;
      lane.inFlight += 1;
      if (lane.slow) this.#slowInFlight += 1;
      this.#charge(lane, wishes);
      this.#list(lane);
      return delivery;
    }
    return undefined;
  }

  /**
   * More deliveries of the lane that the last one came from, for the same request.
   *
   * @param take false ends it.
   */
  more(webhookId: string, take: (delivery: T) => boolean): readonly T[] {
    const queue = this.#lanes.get(webhookId)?.queue;
    const taken: T[] = [];
    for (let first = queue?.first(); first !== undefined && take(first); first = queue?.first()) {
      taken.push(first);
      queue?.shift();
    }
    this.#waiting -= taken.length;
    return taken;
  }

  /** An attempt has ended. @param durationMs of the answer; undefined when the attempt was silent. */
  finish(webhookId: string, durationMs: number | undefined): void {
    const lane = this.#laneOf(webhookId);
    const wasInFlight = lane.inFlight;
    this.#inFlight -= 1;
    lane.inFlight -= 1;
    if (lane.slow) this.#slowInFlight -= 1;
    if (durationMs === undefined) {
      lane.limit = Math.max(1, Math.floor(Math.min(lane.limit, wasInFlight) / 2));
      this.#setSlow(lane, true);
    } else {
      lane.limit = Math.min(this.#concurrency, lane.limit + 1);
      lane.averageMs += (durationMs - lane.averageMs) * averageWeight;
      this.#setSlow(lane, lane.averageMs > this.#options.slowMs);
    }
    this.recheck();
    if (this.#isForgettable(lane)) {
      this.#lanes.delete(webhookId);
    }
  }

  /** How a lane stands; undefined when it is idle and healthy. */
  state(webhookId: string): LaneState | undefined {
    const lane = this.#lanes.get(webhookId);
    if (!lane) return undefined;
    const { queue, inFlight, limit, slow } = lane;
    const requestMax = this.#options.wishesOf(webhookId)?.batch?.eventsMax ?? 1;
    return { waiting: queue.size, inFlight, limit, slow, requestMax };
  }

  /** Takes waiting deliveries out again: those for which `take` is true. */
  extract(take: (delivery: T) => boolean): readonly T[] {
    const taken = [...this.#lanes.values()].flatMap(lane => lane.queue.extract(take));
    this.#waiting -= taken.length;
    return taken;
  }

  #laneOf(webhookId: string): Lane<T> {
    const known = this.#lanes.get(webhookId);
    if (known) return known;
    const lane: Lane<T> = {
      webhookId,
      queue: createQueue<T>(),
      inFlight: 0,
      limit: this.#concurrency,
      averageMs: 0,
      slow: false,
      listed: false,
      dueAtMs: -Infinity,
    };
    this.#lanes.set(webhookId, lane);
    return lane;
  }

  #list(lane: Lane<T>): void {
    if (lane.listed || lane.queue.size === 0) return;
    lane.listed = true;
    this.#ring.push(lane);
  }

  #mayStart(lane: Lane<T>, wishes: LaneWishes): boolean {
    const concurrency = this.#concurrency;
    if (lane.slow && this.#slowInFlight >= Math.max(1, Math.floor(concurrency / 2))) return false;
    const { concurrencyMax, ratePerSecondMax, batch } = wishes;
    const fair = Math.max(1, concurrency - this.#inFlight);
    if (lane.inFlight >= Math.min(fair, lane.limit, concurrencyMax ?? concurrency)) return false;
    if (ratePerSecondMax && !this.#isReady(lane.dueAtMs - burstMs)) return false;
    if (!batch || lane.queue.size >= batch.eventsMax) return true;
    return this.#isReady((lane.queue.first()?.queuedAtMs ?? 0) + batch.waitMs);
  }

  #isReady(atMs: number): boolean {
    if (atMs <= this.#options.clock()) return true;
    this.#readyAtMs = Math.min(this.#readyAtMs, atMs);
    return false;
  }

  #charge(lane: Lane<T>, { ratePerSecondMax }: LaneWishes): void {
    if (!ratePerSecondMax) return;
    lane.dueAtMs = Math.max(lane.dueAtMs, this.#options.clock()) + 1_000 / ratePerSecondMax;
  }

  /** Nothing of it would be missed: it is idle, healthy, and owes its rate no pause. */
  #isForgettable({ inFlight, queue, slow, listed, dueAtMs }: Lane<T>): boolean {
    if (inFlight > 0 || queue.size > 0 || slow || listed) return false;
    return dueAtMs === -Infinity || dueAtMs <= this.#options.clock();
  }

  /** Moves a lane between the slow and the others, with what it has in flight. */
  #setSlow(lane: Lane<T>, slow: boolean): void {
    if (lane.slow === slow) return;
    lane.slow = slow;
    this.#slowInFlight += slow ? lane.inFlight : -lane.inFlight;
  }
}
