/**
 * Which delivery goes next: fairly over the accounts that own webhooks, then over an account's webhooks, measured in the
 * time that request slots are held.
 *
 * There are two pools. The *quick* pool is small, because its requests keep the processor busy: it serves lanes whose
 * receivers have answered, and quickly. The *slow* pool is large, because its requests mostly wait: it serves lanes that
 * nobody has met yet, that answer slowly, or that kept silent. A quick lane's request that is held for longer than
 * `slowMs` makes its lane slow and moves over, if the tenant's share of the slow pool has room for it. `share.ts` says
 * whose turn it is in a pool and how much one may hold; `lane.ts`, what a lane's own limit is.
 *
 * A lane that may not start is out of the list until one of its requests ends, a slot is given back, or its time has come.
 */
import { createHeap } from './heap.ts';
import { Aging } from './aging.ts';
import {
  chargeRate,
  createLane,
  learnAnswer,
  learnRefusal,
  learnSilence,
  readyAtMs,
  sendableSoon,
} from './lane.ts';
import type { Lane, LaneLimits, LaneState, Pool, Queued, Slot, Tenant } from './model.ts';
import * as shares from './share.ts';

export interface SchedulerOptions {
  /** Capacity of the quick pool, in requests. */
  readonly concurrency: number;
  /** Capacity of the slow pool, in requests. */
  readonly slowConcurrency: number;
  /** A request held for longer makes its lane slow, as an average answer above it does; milliseconds. */
  readonly slowMs: number;
  /** Deliveries that may wait in memory in all slow lanes together. */
  readonly slowWaitingMax: number;
  readonly limitsOf: (webhookId: string) => LaneLimits | undefined;
  /** Milliseconds of the clock that `queuedAtMs` is of. */
  readonly clock: () => number;
}

const none: LaneLimits = { accountId: '' };
/** Least charge of a request: a receiver that answers at once still costs its turn. */
const expectedMsMin = 0.1;

export class Scheduler<T extends Queued> {
  readonly #options: SchedulerOptions;
  readonly #quick: Pool<T>;
  readonly #slow: Pool<T>;
  readonly #tenants = new Map<string, Tenant<T>>();
  readonly #lanes = new Map<string, Lane<T>>();
  /** Lanes that only time holds back. */
  readonly #timed = createHeap<Lane<T>>();
  readonly #aging: Aging<T>;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#quick = shares.createPool(options.concurrency);
    this.#slow = shares.createPool(options.slowConcurrency);
    this.#aging = new Aging(options.slowMs);
  }

  /** Deliveries waiting, in all lanes. */
  get waiting(): number {
    return this.#quick.waiting + this.#slow.waiting;
  }

  get inFlight(): number {
    return this.#quick.inFlight + this.#slow.inFlight;
  }

  /** When `recheck` is to be called; Infinity when nothing waits for its time. */
  get readyAtMs(): number {
    return Math.min(this.#timed.firstKey(), this.#aging.dueAtMs);
  }

  /** Makes the quick pool larger or smaller from now on. What is in flight beyond it ends by itself. */
  resize(concurrency: number): void {
    this.#quick.capacity = concurrency;
    shares.unblock(this.#quick);
  }

  add(delivery: T): void {
    const lane = this.#laneOf(delivery.webhookId);
    lane.queue.push(delivery);
    shares.countWaiting(lane, 1);
    shares.list(lane);
  }

  /** The next request to send, in flight from now on; undefined when none may start. */
  next(): Slot<T> | undefined {
    return this.nextQuick() ?? this.#startFrom(this.#slow);
  }

  /** As `next`, to receivers alone that have answered, and quickly. */
  nextQuick(): Slot<T> | undefined {
    return this.#startFrom(this.#quick);
  }

  /**
   * More deliveries of the lane that a request is of, for the same request.
   *
   * @param take false ends it.
   */
  more({ lane }: Slot<T>, take: (delivery: T) => boolean): readonly T[] {
    const { queue } = lane;
    const taken: T[] = [];
    for (let first = queue.first(); first !== undefined && take(first); first = queue.first()) {
      taken.push(first);
      queue.shift();
    }
    shares.countWaiting(lane, -taken.length);
    return taken;
  }

  /** Takes deliveries back, before all that waits in the lane. */
  takeBack({ lane }: Slot<T>, deliveries: readonly T[]): void {
    lane.queue.unshift(deliveries);
    shares.countWaiting(lane, deliveries.length);
    shares.list(lane);
  }

  /** The request was answered. @param durationMs from its start. */
  answered(slot: Slot<T>, durationMs: number): void {
    const { lane } = slot;
    this.#giveBack(slot);
    const { slowMs, clock } = this.#options;
    const limitMax = Math.max(this.#quick.capacity, this.#slow.capacity);
    this.#setSlow(lane, learnAnswer(lane, durationMs, { slowMs, limitMax, nowMs: clock() }));
    shares.list(lane);
  }

  /** The receiver answered that it gets too many requests. @param isCertain false where it may be down instead. */
  tooMany(slot: Slot<T>, isCertain: boolean): void {
    const { lane, startedAtMs } = slot;
    this.#giveBack(slot);
    learnRefusal(lane, { startedAtMs, nowMs: this.#options.clock(), isCertain });
    shares.list(lane);
  }

  /** The request ended without an answer: its deadline passed, or there was no connection. */
  silent(slot: Slot<T>): void {
    const { lane } = slot;
    const wasInFlight = lane.inFlight;
    this.#giveBack(slot);
    learnSilence(lane, wasInFlight);
    this.#setSlow(lane, true);
    shares.list(lane);
  }

  /** Nothing was sent, or what was sent says nothing about the receiver. */
  release(slot: Slot<T>): void {
    this.#giveBack(slot);
    shares.list(slot.lane);
  }

  /** Lists the lanes whose time has come, and moves requests that have been held for long out of the quick pool. */
  recheck(): void {
    const nowMs = this.#options.clock();
    while (this.#timed.firstKey() <= nowMs) {
      const lane = this.#timed.pop();
      if (!lane) break;
      lane.timedAtMs = Infinity;
      shares.list(lane);
    }
    for (const slot of this.#aging.takeDue(nowMs)) this.#moveToSlow(slot);
  }

  /**
   * How many more deliveries the webhook's lane should hold: what it can send in about the next second, and of a slow lane
   * no more than its tenant's share of the window.
   */
  roomOf(webhookId: string): number {
    const lane = this.#laneOf(webhookId);
    const limits = this.#options.limitsOf(webhookId) ?? none;
    const room = sendableSoon(lane, limits) - lane.queue.size;
    if (!lane.isSlow) return room;
    const free = this.#options.slowWaitingMax - this.#slow.waiting;
    return Math.min(room, free - lane.tenant.slow.waiting);
  }

  state(webhookId: string): LaneState | undefined {
    const lane = this.#lanes.get(webhookId);
    if (!lane) return undefined;
    const { queue, inFlight, limit, isSlow } = lane;
    return { waiting: queue.size, inFlight, limit, isSlow };
  }

  /** Takes waiting deliveries out again: those for which `take` is true. */
  extract(take: (delivery: T) => boolean): readonly T[] {
    return [...this.#lanes.values()].flatMap(lane => {
      const taken = lane.queue.extract(take);
      shares.countWaiting(lane, -taken.length);
      return taken;
    });
  }

  /** Takes all that waits out of one lane. */
  empty(webhookId: string): readonly T[] {
    const lane = this.#lanes.get(webhookId);
    if (!lane) return [];
    shares.countWaiting(lane, -lane.queue.size);
    return lane.queue.extract(() => true);
  }

  /** Forgets idle lanes of webhooks that are no more, and tenants without lanes. */
  prune(isKnown: (webhookId: string) => boolean): void {
    const owners = new Set<Tenant<T>>();
    for (const [webhookId, lane] of this.#lanes) {
      const isIdle = lane.inFlight === 0 && lane.queue.size === 0;
      if (isIdle && !isKnown(webhookId)) this.#lanes.delete(webhookId);
      else owners.add(lane.tenant);
    }
    for (const [accountId, tenant] of this.#tenants) {
      if (!owners.has(tenant)) this.#tenants.delete(accountId);
    }
  }

  #startFrom(pool: Pool<T>): Slot<T> | undefined {
    const nowMs = this.#options.clock();
    const lane = shares.takeTurn(pool, one => this.#mayStart(one, nowMs));
    const delivery = lane?.queue.shift();
    if (!lane || !delivery) return undefined;
    shares.countWaiting(lane, -1);
    const share = shares.shareOf(lane);
    const expectedMs = Math.max(expectedMsMin, lane.averageMs);
    shares.hold(lane, share, expectedMs);
    chargeRate(lane, this.#options.limitsOf(lane.webhookId) ?? none, nowMs);
    shares.list(lane);
    const slot = { delivery, lane, share, startedAtMs: nowMs, expectedMs, isHeld: true };
    if (pool === this.#quick) this.#aging.add(slot);
    return slot;
  }

  #mayStart(lane: Lane<T>, nowMs: number): boolean {
    const limits = this.#options.limitsOf(lane.webhookId) ?? none;
    // `giveBack` lists it again.
    if (lane.inFlight >= Math.min(lane.limit, limits.concurrencyMax ?? Infinity)) return false;
    const atMs = readyAtMs(lane, limits);
    if (atMs <= nowMs) return true;
    if (atMs < lane.timedAtMs) {
      lane.timedAtMs = atMs;
      this.#timed.push(atMs, lane);
    }
    return false;
  }

  #giveBack(slot: Slot<T>): void {
    if (!slot.isHeld) throw new RangeError('the slot was given back before');
    slot.isHeld = false;
    const { lane, share, startedAtMs, expectedMs } = slot;
    lane.inFlight -= 1;
    const heldMs = this.#options.clock() - startedAtMs;
    shares.charge(lane, share, Math.max(0, heldMs - expectedMs));
    shares.giveBack(share);
    // The lane may wait in the other pool for having held too much in this one.
    shares.unblock(share.pool === this.#quick ? this.#slow : this.#quick);
    this.#aging.forgetEnded();
  }

  /** Where its tenant has no room in the slow pool the request keeps its slot, and so counts against its own tenant. */
  #moveToSlow(slot: Slot<T>): void {
    const { lane, share } = slot;
    this.#setSlow(lane, true);
    const { slow } = lane.tenant;
    if (slow.inFlight >= slow.pool.capacity - slow.pool.inFlight) return;
    shares.giveBack(share);
    slow.inFlight += 1;
    slow.pool.inFlight += 1;
    slot.share = slow;
  }

  #laneOf(webhookId: string): Lane<T> {
    const known = this.#lanes.get(webhookId);
    if (known) return known;
    const { accountId } = this.#options.limitsOf(webhookId) ?? none;
    const lane = createLane<T>(webhookId, this.#tenantOf(accountId));
    this.#lanes.set(webhookId, lane);
    return lane;
  }

  #tenantOf(accountId: string): Tenant<T> {
    const known = this.#tenants.get(accountId);
    if (known) return known;
    const quick = shares.createShare(this.#quick);
    const tenant = { quick, slow: shares.createShare(this.#slow) };
    this.#tenants.set(accountId, tenant);
    return tenant;
  }

  #setSlow(lane: Lane<T>, isSlow: boolean): void {
    if (lane.isSlow === isSlow) return;
    shares.countWaiting(lane, -lane.queue.size);
    lane.isSlow = isSlow;
    shares.countWaiting(lane, lane.queue.size);
    // Its place in the other pool is void.
    lane.isListed = false;
    shares.list(lane);
  }
}
