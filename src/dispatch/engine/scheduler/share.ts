/**
 * A pool of request slots, and each tenant's share of it.
 *
 * Two rules make it fair. *Whose turn it is*: the tenant that has used the least slot-time goes first, and of its lanes the
 * one that has used the least; time spent idle earns no credit (start-time fair queueing, Goyal et al. 1996). *How much one
 * may hold*: a tenant, and a lane, may start another request only while it holds fewer slots than are free (the dynamic
 * threshold of shared-buffer switches, Choudhury and Hahne 1998), so that whoever comes next finds room.
 */
import { createHeap } from './heap.ts';
import type { Lane, Pool, Queued, Share } from './model.ts';

export function createPool<T extends Queued>(capacity: number): Pool<T> {
  return {
    capacity,
    inFlight: 0,
    waiting: 0,
    turns: createHeap(),
    clockMs: 0,
    blocked: [],
    blockedLanes: [],
  };
}

export function createShare<T extends Queued>(pool: Pool<T>): Share<T> {
  return {
    pool,
    lanes: createHeap(),
    clockMs: 0,
    usedMs: 0,
    inFlight: 0,
    waiting: 0,
    isListed: false,
  };
}

/** The share its lane takes part in as it stands: quick or slow. */
export function shareOf<T extends Queued>({ isSlow, tenant }: Lane<T>): Share<T> {
  return isSlow ? tenant.slow : tenant.quick;
}

/** Puts the lane among those that want a turn, unless it is there or has nothing to send. */
export function list<T extends Queued>(lane: Lane<T>): void {
  if (lane.isListed || lane.queue.size === 0) return;
  const share = shareOf(lane);
  lane.isListed = true;
  lane.entry += 1;
  lane.usedMs = Math.max(lane.usedMs, share.clockMs);
  share.lanes.push(lane.usedMs, { lane, entry: lane.entry });
  listShare(share);
}

function listShare<T extends Queued>(share: Share<T>): void {
  if (share.isListed) return;
  const { pool } = share;
  share.isListed = true;
  share.usedMs = Math.max(share.usedMs, pool.clockMs);
  pool.turns.push(share.usedMs, share);
}

/**
 * The lane whose turn it is; it is no longer listed. Undefined when none may start.
 *
 * @param mayStart whether nothing of the lane's own holds it back. A lane that is refused is taken from the list: whoever
 *   refuses it lists it again when its time has come.
 */
export function takeTurn<T extends Queued>(
  pool: Pool<T>,
  mayStart: (lane: Lane<T>) => boolean,
): Lane<T> | undefined {
  while (pool.inFlight < pool.capacity) {
    const share = pool.turns.pop();
    if (!share) return undefined;
    share.isListed = false;
    // It was charged while it stood here.
    if (share.usedMs > pool.turns.firstKey()) {
      listShare(share);
      continue;
    }
    if (share.inFlight >= pool.capacity - pool.inFlight) {
      share.isListed = true;
      pool.blocked.push(share);
      continue;
    }
    const lane = nextLane(share, mayStart);
    if (!lane) continue;
    pool.clockMs = share.usedMs;
    return lane;
  }
  return undefined;
}

function nextLane<T extends Queued>(
  share: Share<T>,
  mayStart: (lane: Lane<T>) => boolean,
): Lane<T> | undefined {
  const { pool } = share;
  for (let next = share.lanes.pop(); next; next = share.lanes.pop()) {
    const { lane, entry } = next;
    if (!lane.isListed || lane.entry !== entry) continue;
    if (lane.usedMs > share.lanes.firstKey()) {
      share.lanes.push(lane.usedMs, next);
      continue;
    }
    if (lane.queue.size > 0 && lane.inFlight >= pool.capacity - pool.inFlight) {
      pool.blockedLanes.push(lane);
      continue;
    }
    lane.isListed = false;
    if (lane.queue.size === 0 || !mayStart(lane)) continue;
    share.clockMs = lane.usedMs;
    return lane;
  }
  return undefined;
}

/** A request of the lane has begun; it is charged at once with what it will probably hold. */
export function hold<T extends Queued>(lane: Lane<T>, share: Share<T>, expectedMs: number): void {
  share.pool.inFlight += 1;
  share.inFlight += 1;
  lane.inFlight += 1;
  charge(lane, share, expectedMs);
  if (share.lanes.size > 0) listShare(share);
}

export function charge<T extends Queued>(lane: Lane<T>, share: Share<T>, usedMs: number): void {
  lane.usedMs += usedMs;
  share.usedMs += usedMs;
}

/** A slot of the pool is free again: those that held as many as were free look again. */
export function giveBack<T extends Queued>(share: Share<T>): void {
  const { pool } = share;
  pool.inFlight -= 1;
  share.inFlight -= 1;
  unblock(pool);
}

export function unblock<T extends Queued>(pool: Pool<T>): void {
  const { blocked, blockedLanes } = pool;
  if (blocked.length === 0 && blockedLanes.length === 0) return;
  pool.blocked = [];
  pool.blockedLanes = [];
  for (const one of blockedLanes) {
    one.isListed = false;
    list(one);
  }
  for (const one of blocked) {
    one.isListed = false;
    listShare(one);
  }
}

/** Counts deliveries that came to wait in the lane, or wait there no more. */
export function countWaiting<T extends Queued>(lane: Lane<T>, count: number): void {
  const share = shareOf(lane);
  share.waiting += count;
  share.pool.waiting += count;
}
