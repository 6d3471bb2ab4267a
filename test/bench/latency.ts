/**
 * How long an event takes from being published to arriving, at a rate Hookline bears easily.
 *
 * The publisher keeps to its timetable whatever happens to earlier events, and an event's time counts from when it was due
 * to be published: a stall lengthens the times of all events that should have been on their way meanwhile.
 */
import { setTimeout as wait } from 'node:timers/promises';

import { assertComplete, monotonicMs, quantile } from './arrivals.ts';
import { type BusName, eventFor, type Line } from './bus.ts';
import { deadlineMs, type Lab } from './lab.ts';
import type { Figures } from './report.ts';

export interface Timetable {
  readonly perSecond: number;
  readonly count: number;
}

const perSecond = 500;

/** @param isSplit whether one process takes in and another dispatches. */
export async function measureLatency(
  lab: Lab,
  { bus, seconds, isSplit }: { bus: BusName; seconds: number; isSplit: boolean },
): Promise<Figures> {
  const count = perSecond * seconds;
  await using subject = await lab.openSubject(bus, 1, { isSplit });
  await lab.receiver.call('begin', { count });
  const dueMs = await publishOnTime(subject.line, { perSecond, count }, subject.accounts);
  await lab.receiver.call('wait', { arrivals: count, deadlineMs });
  const arrivals = await lab.receiver.call('report', undefined);
  assertComplete(arrivals, count);
  const tookMs = arrivals.atMs.map((atMs, number) => atMs - (dueMs[number] ?? Number.NaN));
  const name = `latency${isSplit ? ', split roles' : ''}, ${bus}, ${perSecond}/s`;
  return {
    [`${name}: p50, ms`]: quantile(tookMs, 0.5),
    [`${name}: p99, ms`]: quantile(tookMs, 0.99),
    [`${name}: max, ms`]: quantile(tookMs, 1),
  };
}

/** @returns when each event was due, on the clock of the arrivals. Resolves when the broker has all. */
export async function publishOnTime(
  { publisher }: Line,
  { perSecond: rate, count }: Timetable,
  accounts: readonly string[],
): Promise<Float64Array> {
  const startsAtMs = monotonicMs() + 100;
  const dueMs = Float64Array.from(
    { length: count },
    (_, number) => startsAtMs + (number * 1_000) / rate,
  );
  const publications: Promise<void>[] = [];
  let sent = 0;
  while (sent < count) {
    const nowMs = monotonicMs();
    let due = sent;
    while (due < count && (dueMs[due] ?? 0) <= nowMs) due += 1;
    const messages = Array.from({ length: due - sent }, (_, index) =>
      eventFor(sent + index, accounts),
    );
    if (messages.length > 0) publications.push(publisher.publish(messages));
    sent = due;
    await wait(1);
  }
  await Promise.all(publications);
  return dueMs;
}
