/** What the scheduler keeps: lanes, tenants, and their shares of the pools. */
import type { Queue } from './queue.ts';
import type { Heap } from './heap.ts';

/** What a lane carries. */
export interface Queued {
  readonly webhookId: string;
  /** When it was put into the lane, milliseconds of a steady clock. */
  readonly queuedAtMs: number;
  /** What is part of a batch that was refused goes with the rest of its part, and with nothing else. */
  readonly part?: object;
}

/** What the webhook asks for itself. */
export interface LaneLimits {
  /** The owner's account: the unit of fairness. */
  readonly accountId: string;
  /** Maximum number of requests in flight. */
  readonly concurrencyMax?: number | null | undefined;
  /** Maximum number of requests begun in a second. */
  readonly ratePerSecondMax?: number | null | undefined;
  /** Deliveries in one request, and how long the oldest waits for them, in milliseconds. */
  readonly batch?: { readonly eventsMax: number; readonly waitMs: number } | null | undefined;
}

/** How fast a receiver lets itself be asked (`pace.ts`). */
export interface Pace {
  /** Maximum number of requests begun in a second; Infinity where the receiver has never said that it gets too many. */
  perSecond: number;
  /** Whether it was slowed but once, and where its limit is has still to be found. */
  isSearching: boolean;
  /** Whether it was slowed last by 429, which says so plainly, and not by 503. */
  isCertain: boolean;
  /** When it was made slower, milliseconds of the scheduler's clock. */
  slowedAtMs: number;
  /** Requests that the receiver took, and refused, in this second and in the one before. */
  readonly taken: { sinceMs: number; now: number; before: number };
  readonly refused: { now: number; before: number };
}

/** How large a body its receiver takes (`size.ts`). */
export interface Size {
  /** In bytes; Infinity where it has refused none. */
  bytesMax: number;
  /** When that is forgotten, milliseconds of the scheduler's clock. */
  untilMs: number;
}

export interface Lane<T extends Queued> {
  readonly webhookId: string;
  readonly tenant: Tenant<T>;
  readonly queue: Queue<T>;
  inFlight: number;
  /** Maximum number of requests in flight, by what the receiver has shown. */
  limit: number;
  /** Moving average of the answers' times; 0 before the first answer. */
  averageMs: number;
  hasAnswered: boolean;
  isSlow: boolean;
  /** The last attempt was silent. */
  isSilent: boolean;
  pace: Pace;
  size: Size;
  /** Slot-time the lane has used, on its tenant's clock of turns. */
  usedMs: number;
  /** When the next request would begin if all were spaced evenly at the webhook's rate. */
  dueAtMs: number;
  /** When the scheduler will look at the lane again because its time has come; Infinity when it will not. */
  timedAtMs: number;
  /** Counts the lane's entries in queues of turns: an entry with an older number is void. */
  entry: number;
  /** Whether the newest entry is still in a queue. */
  isListed: boolean;
}

export interface LaneState {
  readonly waiting: number;
  readonly inFlight: number;
  readonly limit: number;
  readonly isSlow: boolean;
}

/** An account with its shares of the two pools. */
export interface Tenant<T extends Queued> {
  readonly quick: Share<T>;
  readonly slow: Share<T>;
}

interface LaneEntry<T extends Queued> {
  readonly lane: Lane<T>;
  readonly entry: number;
}

/** What one tenant uses of a pool. */
export interface Share<T extends Queued> {
  readonly pool: Pool<T>;
  /** Lanes that have something to send, by the slot-time they have used. */
  readonly lanes: Heap<LaneEntry<T>>;
  /** The tenant's lanes' clock: what the lane that went last had used. */
  clockMs: number;
  /** Slot-time used. */
  usedMs: number;
  inFlight: number;
  /** Deliveries waiting in the lanes of this kind. */
  waiting: number;
  isListed: boolean;
}

export interface Pool<T extends Queued> {
  capacity: number;
  inFlight: number;
  /** Deliveries waiting in the lanes of this kind, of all tenants. */
  waiting: number;
  readonly turns: Heap<Share<T>>;
  clockMs: number;
  /** Shares and lanes that hold as many slots as are free, until one is given back. */
  blocked: Share<T>[];
  blockedLanes: Lane<T>[];
}

/** One request in flight; given back by `answered`, `silent` or `release`, once. */
export interface Slot<T extends Queued> {
  readonly delivery: T;
  readonly lane: Lane<T>;
  readonly startedAtMs: number;
  share: Share<T>;
  /** What it was charged at the start. */
  readonly expectedMs: number;
  isHeld: boolean;
}
