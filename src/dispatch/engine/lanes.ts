/**
 * Decides which delivery goes next: fairly over the webhooks, and never so many of one that another must wait for it.
 *
 * Each webhook is a lane. Lanes that have something to send stand in a ring and take turns. A lane may start another
 * request only while
 *
 * - it has fewer in flight than the pool has slots free, so that whoever comes next finds room: one lane alone gets
 *   half the pool, and one that hangs leaves the other half;
 * - it has fewer in flight than its own limit, which is halved with every silent attempt (a deadline passed, no
 *   connection) and grows by one with every answered one;
 * - it is not slow, or the slow lanes together have less than half the pool. A lane is slow while its answers take
 *   longer than `slowMs` on average, or its last attempt was silent;
 * - its webhook's rate allows another one now;
 * - where its webhook wants batches, one is full or its oldest delivery has waited long enough.
 *
 * A lane that may not start is parked, and checked again when any attempt ends, or at `readyAtMs`.
 */
import { createQueue, type Queue } from './queue.ts';

/** An item in a lane. */
export interface Queued {
  readonly webhookId: string;
  /** When it was put into the lane, milliseconds of a steady clock. */
  readonly queuedAtMs: number;
}

export interface LaneOptions {
  /** Maximum number of requests in flight, in all lanes, to begin with. */
  readonly concurrency: number;
  /** Average duration of answers, in milliseconds, above which a lane is slow. */
  readonly slowMs: number;
  /** The limits that a webhook has of its own. */
  readonly limitsOf: (webhookId: string) => LaneLimits | undefined;
  /** The clock that `queuedAtMs` is read from, in milliseconds. */
  readonly clock: () => number;
}

export interface LaneLimits {
  /** Maximum number of requests in flight. */
  readonly concurrencyMax?: number | null;
  /** Maximum number of requests begun in a second. */
  readonly ratePerSecondMax?: number | null;
  /** Maximum number of deliveries in one request, and how long the oldest waits for others, in milliseconds. */
  readonly batch?: { readonly eventsMax: number; readonly waitMs: number } | null;
}

export interface LaneState {
  readonly waiting: number;
  readonly inFlight: number;
  readonly limit: number;
  readonly slow: boolean;
  /** Maximum number of deliveries in one request. */
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
  /** Time at which the next request would begin if all were spaced evenly at the webhook's rate. */
  dueAtMs: number;
}

const none: LaneLimits = {};
/** Weight of the newest answer in a lane's average. */
const averageWeight = 0.2;
/** Period over which a rate is kept; within it requests may come together. */
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
   * Time at which a lane may start that is parked for time alone; Infinity when there is none. To be followed by
   * `recheck`.
   */
  get readyAtMs(): number {
    return this.#readyAtMs;
  }

  /** Changes the size of the pool from now on. Requests in flight beyond it end by themselves. */
  resize(concurrency: number): void {
    // A lane that nothing held back so far is not held back by the old size either.
    for (const lane of this.#lanes.values()) {
      if (lane.limit >= this.#concurrency) lane.limit = concurrency;
    }
    this.#concurrency = concurrency;
    this.recheck();
  }

  /** Checks every parked lane again. */
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
    if (lane.queue.size === this.#options.limitsOf(lane.webhookId)?.batch?.eventsMax)
      this.recheck();
  }

  /** The next delivery to send, counted as in flight from now on; undefined when none may start. */
  next(): T | undefined {
    while (this.#inFlight < this.#concurrency) {
      const lane = this.#ring.shift();
      if (!lane) return undefined;
      const limits = this.#options.limitsOf(lane.webhookId) ?? none;
      if (lane.queue.size > 0 && !this.#mayStart(lane, limits)) {
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
      this.#charge(lane, limits);
      this.#list(lane);
      return delivery;
    }
    return undefined;
  }

  /**
   * Takes more deliveries of the lane that the last one came from, for the same request.
   *
   * @param take decides on each; false ends it.
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

  /** The state of a lane; undefined when it is idle and healthy. */
  state(webhookId: string): LaneState | undefined {
    const lane = this.#lanes.get(webhookId);
    if (!lane) return undefined;
    const { queue, inFlight, limit, slow } = lane;
    const requestMax = this.#options.limitsOf(webhookId)?.batch?.eventsMax ?? 1;
    return { waiting: queue.size, inFlight, limit, slow, requestMax };
  }

  /** Takes waiting deliveries out: those for which `take` is true. */
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

  #mayStart(lane: Lane<T>, limits: LaneLimits): boolean {
    const concurrency = this.#concurrency;
    if (lane.slow && this.#slowInFlight >= Math.max(1, Math.floor(concurrency / 2))) return false;
    const { concurrencyMax, ratePerSecondMax, batch } = limits;
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

  #charge(lane: Lane<T>, { ratePerSecondMax }: LaneLimits): void {
    if (!ratePerSecondMax) return;
    lane.dueAtMs = Math.max(lane.dueAtMs, this.#options.clock()) + 1_000 / ratePerSecondMax;
  }

  /** Whether a lane can be forgotten: it is idle, healthy, and has no rate to keep. */
  #isForgettable({ inFlight, queue, slow, listed, dueAtMs }: Lane<T>): boolean {
    if (inFlight > 0 || queue.size > 0 || slow || listed) return false;
    return dueAtMs === -Infinity || dueAtMs <= this.#options.clock();
  }

  /** Counts a lane among the slow or the others, with what it has in flight. */
  #setSlow(lane: Lane<T>, slow: boolean): void {
    if (lane.slow === slow) return;
    lane.slow = slow;
    this.#slowInFlight += slow ? lane.inFlight : -lane.inFlight;
  }
}
