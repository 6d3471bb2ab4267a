/**
 * What nine webhooks notice when the tenth's receiver accepts requests and never answers.
 *
 * Ten tenants with one webhook each take turns on RabbitMQ. First all are healthy, then the last is silent from the first
 * event on, in the same process. Twice: with more events on the bus than can be sent, and at a rate that can.
 */
import { type Arrivals, lastOf, monotonicMs, quantile } from './arrivals.ts';
import { deadlineMs, type Lab, type Subject } from './lab.ts';
import { publishOnTime } from './latency.ts';
import type { Figures } from './report.ts';
import { loadBus } from './throughput.ts';

const webhookCount = 10;
const silentLane = webhookCount - 1;
const healthyShare = silentLane / webhookCount;
/** Over all ten. */
const moderatePerSecond = 1_000;

interface Nine {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** @param count a multiple of the webhooks' number. */
export async function measureBlackHole(lab: Lab, count: number, seconds: number): Promise<Figures> {
  const saturated = await compare(lab, (subject, silent) => drain(lab, subject, count, silent));
  const moderate = await compare(lab, (subject, silent) => follow(lab, subject, seconds, silent));
  return {
    ...named('black hole, all the bus has', saturated),
    ...named(`black hole, ${moderatePerSecond}/s`, moderate),
  };
}

interface Compared {
  readonly healthy: Nine;
  readonly holed: Nine;
}

async function compare(
  lab: Lab,
  run: (subject: Subject, silent: number | undefined) => Promise<Nine>,
): Promise<Compared> {
  await using subject = await lab.openSubject('rabbitmq', webhookCount);
  const healthy = await run(subject, undefined);
  await subject.hookline.untilWritten();
  const holed = await run(subject, silentLane);
  // Lets go of the requests it held, so that Hookline can end.
  await lab.receiver.call('begin', { count: 0 });
  return { healthy, holed };
}

function named(name: string, { healthy, holed }: Compared): Figures {
  return {
    [`${name}: rate kept`]: holed.perSecond / healthy.perSecond,
    [`${name}: p99 grew`]: holed.p99Ms / healthy.p99Ms,
    [`${name}: nine healthy, deliveries/s`]: healthy.perSecond,
    [`${name}: nine healthy, p99 ms`]: healthy.p99Ms,
    [`${name}: nine beside a hole, deliveries/s`]: holed.perSecond,
    [`${name}: nine beside a hole, p99 ms`]: holed.p99Ms,
  };
}

/** The events lie on the bus. A time counts from the event's recording: before that it waits for its turn on the bus. */
async function drain(
  lab: Lab,
  subject: Subject,
  count: number,
  silent: number | undefined,
): Promise<Nine> {
  await loadBus(lab, subject, beginning(count, silent));
  const startedAtMs = monotonicMs();
  await subject.resume();
  const arrivals = await untilArrived(lab, count, silent);
  return nineOf(arrivals, arrivals.sinceRecordedMs, startedAtMs);
}

/** The events come at a rate that is borne easily. A time counts from when the event was due to be published. */
async function follow(
  lab: Lab,
  subject: Subject,
  seconds: number,
  silent: number | undefined,
): Promise<Nine> {
  const count = moderatePerSecond * seconds;
  await lab.receiver.call('begin', beginning(count, silent));
  const timetable = { perSecond: moderatePerSecond, count };
  const dueMs = await publishOnTime(subject.line, timetable, subject.accounts);
  const arrivals = await untilArrived(lab, count, silent);
  const tookMs = arrivals.atMs.map((atMs, number) => atMs - (dueMs[number] ?? Number.NaN));
  return nineOf(arrivals, tookMs, dueMs[0] ?? Number.NaN);
}

function beginning(count: number, silent: number | undefined) {
  return { count, ...(silent !== undefined && { silentLane: silent }) };
}

/** @throws Error when an event of a healthy webhook does not come. */
async function untilArrived(
  { receiver }: Lab,
  count: number,
  silent: number | undefined,
): Promise<Arrivals> {
  const expected = silent === undefined ? count : count * healthyShare;
  const came = await receiver.call('wait', { arrivals: expected, deadlineMs });
  if (came !== expected)
    throw new Error(`${came} events came to healthy webhooks, not ${expected}`);
  return receiver.call('report', undefined);
}

function nineOf({ atMs, lane }: Arrivals, tookMs: Float64Array, startedAtMs: number): Nine {
  const isNine = (_: number, number: number): boolean => lane[number] !== silentLane;
  const arrivedMs = atMs.filter(isNine).filter(at => !Number.isNaN(at));
  return {
    perSecond: (arrivedMs.length * 1_000) / (lastOf(arrivedMs) - startedAtMs),
    p99Ms: quantile(tookMs.filter(isNine), 0.99),
  };
}
