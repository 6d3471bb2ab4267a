/**
 * A lane: what one webhook waits for, holds and has shown of its receiver.
 *
 * A lane is quick once its receiver has answered and while its answers take no longer than `slowMs` on average. It is slow
 * before its first answer, while its answers take longer, and after a silent attempt (a deadline passed, no connection).
 *
 * Its limit of requests in flight starts at one and grows by one with every answer, as TCP's slow start does: a receiver
 * that nobody has met yet holds one request, however many deliveries wait. A silent attempt halves the limit.
 */
import { createQueue } from './queue.ts';
import { createPace, learnTaken, learnTooMany } from './pace.ts';
import { createSize } from './size.ts';
import type { Lane, LaneLimits, Queued, Tenant } from './model.ts';

export function createLane<T extends Queued>(webhookId: string, tenant: Tenant<T>): Lane<T> {
  return {
    webhookId,
    tenant,
    queue: createQueue<T>(),
    inFlight: 0,
    limit: 1,
    averageMs: 0,
    hasAnswered: false,
    isSlow: true,
    isSilent: false,
    pace: createPace(),
    size: createSize(),
    usedMs: 0,
    dueAtMs: -Infinity,
    timedAtMs: Infinity,
    entry: 0,
    isListed: false,
  };
}

/** Weight of the newest answer in a lane's average. */
const averageWeight = 0.2;

/** The receiver answered. @returns whether the lane is slow from now on. */
export function learnAnswer<T extends Queued>(
  lane: Lane<T>,
  durationMs: number,
  {
    slowMs,
    limitMax,
    nowMs,
  }: { readonly slowMs: number; readonly limitMax: number; readonly nowMs: number },
): boolean {
  learnTaken(lane.pace, nowMs);
  lane.limit = Math.min(limitMax, lane.limit + 1);
  lane.averageMs = lane.hasAnswered
    ? lane.averageMs + (durationMs - lane.averageMs) * averageWeight
    : durationMs;
  lane.hasAnswered = true;
  lane.isSilent = false;
  return lane.averageMs > slowMs;
}

/** The receiver kept silent. @param wasInFlight requests in flight when it did, that one included. */
export function learnSilence<T extends Queued>(lane: Lane<T>, wasInFlight: number): void {
  lane.limit = Math.max(1, Math.floor(Math.min(lane.limit, wasInFlight) / 2));
  lane.isSilent = true;
}

/** The receiver said that it gets too many. The next request waits for the pace that it is slowed to. */
export function learnRefusal<T extends Queued>(
  lane: Lane<T>,
  refusal: { readonly startedAtMs: number; readonly nowMs: number; readonly isCertain: boolean },
): void {
  learnTooMany(lane.pace, refusal);
  lane.dueAtMs = Math.max(lane.dueAtMs, refusal.nowMs + 1_000 / lane.pace.perSecond);
}

/** The rate that a webhook asks for is kept over this time; within it requests may come together. */
const burstMs = 100;

/** When the lane may begin its next request, by its rate and its batches; -Infinity when at once. */
export function readyAtMs<T extends Queued>(
  lane: Lane<T>,
  limits: Omit<LaneLimits, 'accountId'>,
): number {
  const { dueAtMs, queue } = lane;
  const { batch } = limits;
  // Its receiver refuses the second of two requests that come together.
  const burst = lane.pace.perSecond < Infinity ? 0 : burstMs;
  const byRate = rateOf(lane, limits) === Infinity ? -Infinity : dueAtMs - burst;
  const first = queue.first();
  if (!batch || first?.part || queue.size >= batch.eventsMax) return byRate;
  return Math.max(byRate, (first?.queuedAtMs ?? 0) + batch.waitMs);
}

export function chargeRate<T extends Queued>(
  lane: Lane<T>,
  limits: Omit<LaneLimits, 'accountId'>,
  nowMs: number,
): void {
  const rate = rateOf(lane, limits);
  if (rate < Infinity) lane.dueAtMs = Math.max(lane.dueAtMs, nowMs) + 1_000 / rate;
}

/** Requests a second that may be begun: what the webhook asks for, and what its receiver bears. */
function rateOf<T extends Queued>(
  { pace }: Lane<T>,
  { ratePerSecondMax }: Pick<LaneLimits, 'ratePerSecondMax'>,
): number {
  return ratePerSecondMax ? Math.min(ratePerSecondMax, pace.perSecond) : pace.perSecond;
}

/** Deliveries that a lane nobody has met yet may hold: its first answers come before they are sent. */
const unmetRoom = 64;
const roomMin = 2;
const soonMs = 1_000;

/** How many deliveries the lane can send in about the next second. */
export function sendableSoon<T extends Queued>(
  lane: Lane<T>,
  limits: Omit<LaneLimits, 'accountId'>,
): number {
  const { concurrencyMax, batch } = limits;
  const perRequest = batch?.eventsMax ?? 1;
  const byRate = Math.ceil(Math.max(1, rateOf(lane, limits)) * perRequest);
  if (lane.isSilent) return Math.min(byRate, roomMin * perRequest);
  if (!lane.hasAnswered) return Math.min(byRate, unmetRoom * perRequest);
  const requests = Math.min(lane.limit, concurrencyMax ?? Infinity);
  const byAnswers = Math.ceil((requests * soonMs) / Math.max(1, lane.averageMs)) * perRequest;
  return Math.min(byRate, Math.max(roomMin * perRequest, byAnswers));
}
