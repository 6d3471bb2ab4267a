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
 *   longer than `slowMs` on average, or its last attempt was silent.
 *
 * A lane that may not start is parked, and looks again when any attempt ends.
 */
import { createQueue, type Queue } from './queue.ts';

/** What a lane carries. */
export interface Queued {
  readonly webhookId: string;
  /** When it was put into the lane, milliseconds of a steady clock. */
  readonly queuedAtMs: number;
}

export interface LaneOptions {
  /** Requests in flight, in all lanes. */
  readonly concurrency: number;
  /** An average answer above this makes a lane slow, in milliseconds. */
  readonly slowMs: number;
  /** The webhook's own cap, when it has one. */
  readonly capOf: (webhookId: string) => number | undefined;
}

export interface Lanes<T extends Queued> {
  /** Deliveries waiting, in all lanes. */
  readonly waiting: number;
  readonly inFlight: number;
  add(delivery: T): void;
  /** The next delivery to send, counted as in flight from now on; undefined when none may start. */
  next(): T | undefined;
  /** An attempt has ended. `durationMs` undefined: it was silent. */
  finish(webhookId: string, durationMs: number | undefined): void;
  /** How a lane stands; undefined when it is idle and healthy. */
  state(webhookId: string): LaneState | undefined;
  /** Takes waiting deliveries out again: those for which `take` is true. */
  extract(take: (delivery: T) => boolean): readonly T[];
  /** When the delivery at the head of each lane was queued. */
  heads(): Iterable<{ readonly webhookId: string; readonly queuedAtMs: number }>;
}

export interface LaneState {
  readonly waiting: number;
  readonly inFlight: number;
  readonly limit: number;
  readonly slow: boolean;
}

interface Lane<T> {
  readonly webhookId: string;
  readonly queue: Queue<T>;
  inFlight: number;
  limit: number;
  averageMs: number;
  slow: boolean;
  /** Standing in the ring or parked; a lane is in one place at most. */
  listed: boolean;
}

/** Weight of the newest answer in a lane's average. */
const averageWeight = 0.2;

export function createLanes<T extends Queued>(options: LaneOptions): Lanes<T> {
  const { concurrency, slowMs, capOf } = options;
  const slowMax = Math.max(1, Math.floor(concurrency / 2));
  const lanes = new Map<string, Lane<T>>();
  const ring = createQueue<Lane<T>>();
  let parked: Lane<T>[] = [];
  let inFlight = 0;
  let slowInFlight = 0;
  let waiting = 0;

  function laneOf(webhookId: string): Lane<T> {
    let lane = lanes.get(webhookId);
    if (!lane) {
      const queue = createQueue<T>();
      lane = {
        webhookId,
        queue,
        inFlight: 0,
        limit: concurrency,
        averageMs: 0,
        slow: false,
        listed: false,
      };
      lanes.set(webhookId, lane);
    }
    return lane;
  }

  function list(lane: Lane<T>): void {
    if (lane.listed || lane.queue.size === 0) return;
    lane.listed = true;
    ring.push(lane);
  }

  function mayStart(lane: Lane<T>): boolean {
    if (lane.slow && slowInFlight >= slowMax) return false;
    const fair = Math.max(1, concurrency - inFlight);
    return lane.inFlight < Math.min(fair, lane.limit, capOf(lane.webhookId) ?? concurrency);
  }

  /** Moves a lane between the slow and the others, with what it has in flight. */
  function setSlow(lane: Lane<T>, slow: boolean): void {
    if (lane.slow === slow) return;
    lane.slow = slow;
    slowInFlight += slow ? lane.inFlight : -lane.inFlight;
  }

  return {
    get waiting() {
      return waiting;
    },
    get inFlight() {
      return inFlight;
    },
    add(delivery) {
      const lane = laneOf(delivery.webhookId);
      lane.queue.push(delivery);
      waiting += 1;
      list(lane);
    },
    next() {
      while (inFlight < concurrency) {
        const lane = ring.shift();
        if (!lane) return undefined;
        if (lane.queue.size > 0 && !mayStart(lane)) {
          parked.push(lane);
          continue;
        }
        lane.listed = false;
        const delivery = lane.queue.shift();
        if (!delivery) continue;
        waiting -= 1;
        inFlight += 1;
        lane.inFlight += 1;
        if (lane.slow) slowInFlight += 1;
        list(lane);
        return delivery;
      }
      return undefined;
    },
    finish(webhookId, durationMs) {
      const lane = laneOf(webhookId);
      const wasInFlight = lane.inFlight;
      inFlight -= 1;
      lane.inFlight -= 1;
      if (lane.slow) slowInFlight -= 1;
      if (durationMs === undefined) {
        lane.limit = Math.max(1, Math.floor(Math.min(lane.limit, wasInFlight) / 2));
        setSlow(lane, true);
      } else {
        lane.limit = Math.min(concurrency, lane.limit + 1);
        lane.averageMs += (durationMs - lane.averageMs) * averageWeight;
        setSlow(lane, lane.averageMs > slowMs);
      }
      const waitingLanes = parked;
      parked = [];
      for (const waitingLane of waitingLanes) ring.push(waitingLane);
      if (lane.inFlight === 0 && lane.queue.size === 0 && !lane.slow && !lane.listed) {
        lanes.delete(webhookId);
      }
    },
    state(webhookId) {
      const lane = lanes.get(webhookId);
      return (
        lane && {
          waiting: lane.queue.size,
          inFlight: lane.inFlight,
          limit: lane.limit,
          slow: lane.slow,
        }
      );
    },
    extract(take) {
      const taken = [...lanes.values()].flatMap(lane => lane.queue.extract(take));
      waiting -= taken.length;
      return taken;
    },
    *heads() {
      for (const { webhookId, queue } of lanes.values()) {
        const first = queue.first();
        if (first) yield { webhookId, queuedAtMs: first.queuedAtMs };
      }
    },
  };
}
