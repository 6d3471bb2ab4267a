/**
 * The rate at which a backlog is delivered: due deliveries of one webhook in the database, as an outage of its receiver or a
 * crash leaves them, against the rate of fresh events from the bus in the same process.
 */
import { Client } from 'pg';

import { assertComplete, lastOf, monotonicMs } from './arrivals.ts';
import { numberedEvent } from './event.ts';
import type { Lab, Subject } from './lab.ts';
import { cpuMsOf, forgetPeakMemory, peakMemoryMbOf } from './proc.ts';
import type { Figures } from './report.ts';
import { drainBus, loadBus } from './throughput.ts';

/** Maximum time of the measurement. After it, the rate is that of the deliveries so far: a slow build is not waited for. */
const deadlineMs = 300_000;

export interface BacklogRun {
  /** Number of events from the bus. */
  readonly fresh: number;
  /** Number of due deliveries. */
  readonly due: number;
}

export async function measureBacklog(lab: Lab, { fresh, due }: BacklogRun): Promise<Figures> {
  await using subject = await lab.openSubject('rabbitmq', 1);
  const { hookline, database } = subject;
  await loadBus(lab, subject, { count: fresh });
  const freshPerSecond = fresh / (await drainBus(lab, subject, fresh));
  await subject.pause();
  await lab.receiver.call('begin', { count: due });
  await lab.meter.settle();
  forgetPeakMemory(hookline.pid);
  const startedAt = await insertDue(subject, due);
  const processBefore = cpuMsOf(hookline.pid);
  const before = await lab.meter.read(database);
  const count = await lab.receiver.call('wait', { arrivals: due, deadlineMs });
  const arrivals = await lab.receiver.call('report', undefined);
  if (count === due) {
    assertComplete(arrivals, due);
    await hookline.untilWritten();
  }
  const after = await lab.meter.read(database);
  const perSecond = (count * 1_000) / (lastOf(arrivals.atMs) - startedAt);
  return {
    'backlog: fresh, deliveries/s': freshPerSecond,
    'backlog: deliveries/s': perSecond,
    'backlog: of fresh': perSecond / freshPerSecond,
    'backlog: process CPU, µs/delivery': ((cpuMsOf(hookline.pid) - processBefore) * 1_000) / count,
    'backlog: PostgreSQL CPU, µs/delivery': ((after.cpuMs - before.cpuMs) * 1_000) / count,
    'backlog: statements/delivery': (after.statements - before.statements) / count,
    'backlog: WAL, bytes/delivery': (after.walBytes - before.walBytes) / count,
    'backlog: peak memory, MB': peakMemoryMbOf(hookline.pid),
  };
}

/** Inserts all in one transaction. @returns the instant of its commit. */
async function insertDue(subject: Subject, count: number): Promise<number> {
  const { body } = numberedEvent(0, subject.accounts[0] ?? '');
  const [before = '', after = ''] = body.split('#00000000');
  const client = new Client(subject.databaseUrl);
  await client.connect();
  try {
    await client.query('begin');
    await client.query(
      `create temporary table due on commit drop as select n,
        lpad(to_hex((extract(epoch from now()) * 1000)::bigint - $1::bigint + n), 12, '0') as time,
        lpad(to_hex(n), 12, '0') as rest, (select id from webhook) as webhook_id from generate_series(0, $1::bigint - 1) n`,
      [count],
    );
    await client.query(
      `insert into event (id, process_id, source, category, event, account, body, owed)
       select (time || '70008000' || rest)::uuid, 0, 'rabbitmq', 'ActionEvent', 'VOLUME.ATTACH', $1,
         $2 || '#' || lpad(n::text, 8, '0') || $3, array[webhook_id] from due`,
      [subject.accounts[0], before, after],
    );
    await client.query(`insert into delivery (id, event_id, webhook_id, kind, state, tries, next_attempt_at, created_at)
      select (time || '80008000' || rest)::uuid, (time || '70008000' || rest)::uuid, webhook_id, 'event', 'pending', 0,
        now() - interval '1 second' + n * interval '1 microsecond' / 10, now() from due`);
    await client.query(`select pg_notify('hookline', 'due')`);
    await client.query('commit');
    return monotonicMs();
  } finally {
    await client.end();
  }
}
