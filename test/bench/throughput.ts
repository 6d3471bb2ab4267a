/**
 * How many deliveries a second, and what each costs.
 *
 * The events lie on the bus; the time runs from the word to take them until the receiver has the last. Hookline is up
 * and warm, its source paused by REST while they are published. RabbitMQ has sent ahead by then what the prefetch
 * allows, so up to 2,000 of the events wait in the process, read from the socket and no more; the processor time is
 * counted from before they are published.
 */
import { Client } from 'pg';

import { assertComplete, lastOf, monotonicMs } from './arrivals.ts';
import { type BusName, publishEvents } from './bus.ts';
import type { CeilingHandlers } from './ceiling.ts';
import { cpuMsOf, peakMemoryMbOf } from './proc.ts';
import { accountsOf } from './event.ts';
import { deadlineMs, type Lab, type Subject, warmUpCount } from './lab.ts';
import type { Begin } from './receiver.ts';
import type { Figures } from './report.ts';
import { startChild } from './rpc.ts';

/** Hookline's default. */
export const inFlight = 64;

export async function measureCeiling(lab: Lab, count: number): Promise<Figures> {
  await using ceiling = startChild<CeilingHandlers>('ceiling.ts');
  const run = async (size: number) => {
    await lab.receiver.call('begin', { count: size });
    const [account = ''] = accountsOf(1);
    const result = await ceiling.call('run', {
      origin: lab.origin,
      count: size,
      inFlight,
      account,
    });
    assertComplete(await lab.receiver.call('report', undefined), size);
    return result;
  };
  await run(warmUpCount);
  const { seconds, cpuMs } = await run(count);
  return {
    'ceiling: deliveries/s': count / seconds,
    'ceiling: process CPU, µs/delivery': (cpuMs * 1_000) / count,
  };
}

export async function measureThroughput(lab: Lab, bus: BusName, count: number): Promise<Figures> {
  await using subject = await lab.openSubject(bus, 1);
  const { hookline, database } = subject;
  await lab.meter.settle();
  const processBefore = cpuMsOf(hookline.pid);
  await loadBus(lab, subject, { count });
  const before = await lab.meter.read(database);
  const seconds = await drainBus(lab, subject, count);
  const after = await lab.meter.read(database);
  const processMs = cpuMsOf(hookline.pid) - processBefore;
  await assertDelivered(subject.databaseUrl, warmUpCount + count);
  return {
    [`${bus}: deliveries/s`]: count / seconds,
    [`${bus}: process CPU, µs/delivery`]: (processMs * 1_000) / count,
    [`${bus}: PostgreSQL CPU, µs/delivery`]: ((after.cpuMs - before.cpuMs) * 1_000) / count,
    [`${bus}: statements/delivery`]: (after.statements - before.statements) / count,
    [`${bus}: WAL, bytes/delivery`]: (after.walBytes - before.walBytes) / count,
    [`${bus}: peak memory, MB`]: peakMemoryMbOf(hookline.pid),
  };
}

/** Puts the events on the bus, with nobody to take them. */
export async function loadBus(lab: Lab, subject: Subject, run: Begin): Promise<void> {
  await subject.pause();
  await lab.receiver.call('begin', run);
  await publishEvents(subject.line, run.count, subject.accounts);
}

/** @returns seconds until all had arrived. Resolves when all are recorded as delivered. */
export async function drainBus(lab: Lab, subject: Subject, count: number): Promise<number> {
  const startedAt = monotonicMs();
  await subject.resume();
  await lab.receiver.call('wait', { arrivals: count, deadlineMs });
  const arrivals = await lab.receiver.call('report', undefined);
  assertComplete(arrivals, count);
  await subject.hookline.untilWritten();
  return (lastOf(arrivals.atMs) - startedAt) / 1_000;
}

/** What the receiver counted has to be in the tables as well. */
async function assertDelivered(databaseUrl: string, count: number): Promise<void> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    const { rows } = await client.query<{ events: number; delivered: number }>(
      `select (select count(*) from event)::int as events,
         (select count(*) from delivery where state = 'delivered')::int as delivered`,
    );
    const { events, delivered } = rows[0] ?? { events: 0, delivered: 0 };
    if (events !== count || delivered !== count) {
      throw new Error(`of ${count} events ${events} are recorded, ${delivered} as delivered`);
    }
  } finally {
    await client.end();
  }
}
