/**
 * What a tenant with one healthy webhook notices of other tenants' receivers.
 *
 * The healthy tenant's events come at 100 a second over RabbitMQ; each row adds other tenants whose webhooks are bad in one
 * way, with events of their own. A time counts from when the event was due to be published. A Hookline and a database of
 * its own for each row; the healthy webhook has delivered before, the others are new, unless the row says otherwise.
 */
import { Client } from 'pg';

import { monotonicMs, quantile } from './arrivals.ts';
import type { BadReceiverHandlers } from './bad-receiver.ts';
import { accountsOf, numberedEvent } from './event.ts';
import type { Lab, Subject } from './lab.ts';
import { publishOnTime } from './latency.ts';
import type { Figures } from './report.ts';
import { startChild } from './rpc.ts';

type Kind = 'hung' | 'late' | 'fickle' | 'quick';

/** One tenant beside the healthy one: each of its events is owed to all of its webhooks. */
interface Other {
  readonly webhooks: number;
  readonly kind: Kind;
  readonly eventsPerSecond: number;
  readonly timeoutMs?: number;
  readonly ratePerSecondMax?: number;
  /** Its webhooks belong to the healthy tenant, so that each of that one's events is owed to them too. */
  readonly isOwn?: boolean;
}

const rows: Readonly<Record<string, readonly Other[]>> = {
  alone: [],
  '64 hung': [{ webhooks: 64, kind: 'hung', eventsPerSecond: 1 }],
  '200 hung': [{ webhooks: 200, kind: 'hung', eventsPerSecond: 1 }],
  '1,000 hung': [{ webhooks: 1_000, kind: 'hung', eventsPerSecond: 1 }],
  '64 hung for 10 min': [{ webhooks: 64, kind: 'hung', eventsPerSecond: 1, timeoutMs: 600_000 }],
  '200 late': [{ webhooks: 200, kind: 'late', eventsPerSecond: 5 }],
  '64 fickle': [{ webhooks: 64, kind: 'fickle', eventsPerSecond: 1 }],
  '20 at 1/s': [{ webhooks: 20, kind: 'quick', eventsPerSecond: 30, ratePerSecondMax: 1 }],
  '50 tenants, 20 hung each': Array.from({ length: 50 }, () => ({
    webhooks: 20,
    kind: 'hung' as const,
    eventsPerSecond: 1,
  })),
  'all together': [
    { webhooks: 200, kind: 'hung', eventsPerSecond: 1 },
    { webhooks: 1_000, kind: 'hung', eventsPerSecond: 1 },
    { webhooks: 64, kind: 'hung', eventsPerSecond: 1, timeoutMs: 600_000 },
    { webhooks: 200, kind: 'late', eventsPerSecond: 5 },
    { webhooks: 64, kind: 'fickle', eventsPerSecond: 1 },
    { webhooks: 20, kind: 'quick', eventsPerSecond: 30, ratePerSecondMax: 1 },
  ],
  '10 hung of its own': [{ webhooks: 10, kind: 'hung', eventsPerSecond: 0, isOwn: true }],
};

const perSecond = 100;
/** An event is in time when it arrives within this time. */
const inTimeMs = 1_000;
/** How long is waited for the last events. */
const graceMs = 4_000;

export async function measureIsolation(lab: Lab, seconds: number): Promise<Figures> {
  await using bad = startChild<BadReceiverHandlers>('bad-receiver.ts');
  const origin = `http://127.0.0.1:${await bad.call('listen', undefined)}`;
  const figures: Record<string, number> = {};
  let aloneP99Ms = Number.NaN;
  for (const [name, others] of Object.entries(rows)) {
    process.stderr.write(`    ${name}…\n`);
    const { inTime, p50Ms, p99Ms } = await measureRow(lab, { origin, others, seconds });
    await bad.call('reset', undefined);
    if (name === 'alone') aloneP99Ms = p99Ms;
    figures[`isolation, ${name}: in time`] = inTime;
    figures[`isolation, ${name}: p50, ms`] = p50Ms;
    figures[`isolation, ${name}: p99, ms`] = p99Ms;
    figures[`isolation, ${name}: p99 against alone`] = p99Ms / aloneP99Ms;
  }
  return figures;
}

interface Row {
  readonly origin: string;
  readonly others: readonly Other[];
  readonly seconds: number;
}

async function measureRow(lab: Lab, { origin, others, seconds }: Row) {
  await using subject = await lab.openSubject('rabbitmq', 1);
  const accounts = accountsOf(1 + others.length).slice(1);
  await addOthers(subject, origin, others);
  const count = perSecond * seconds;
  await lab.receiver.call('begin', { count });
  const stop = new AbortController();
  const noise = others.map(async (other, at) =>
    publishNoise(subject, { other, account: accounts[at] ?? '', signal: stop.signal }),
  );
  const dueMs = await publishOnTime(subject.line, { perSecond, count }, subject.accounts);
  await lab.receiver.call('wait', { arrivals: count, deadlineMs: graceMs });
  stop.abort();
  await Promise.all(noise);
  const { atMs } = await lab.receiver.call('report', undefined);
  const endedAtMs = monotonicMs();
  // What has not come took at least until now.
  const tookMs = atMs.map(
    (at, number) => (Number.isNaN(at) ? endedAtMs : at) - (dueMs[number] ?? Number.NaN),
  );
  return {
    inTime: tookMs.filter(took => took <= inTimeMs).length / count,
    p50Ms: quantile(tookMs, 0.5),
    p99Ms: quantile(tookMs, 0.99),
  };
}

/** Straight into the tables, as an admin may: thousands of requests would take longer than the row. */
async function addOthers(
  { databaseUrl, accounts: [healthy = ''] }: Subject,
  origin: string,
  others: readonly Other[],
): Promise<void> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    const accounts = accountsOf(1 + others.length);
    for (const [at, other] of others.entries()) {
      const { webhooks, kind, timeoutMs = null, ratePerSecondMax = null, isOwn = false } = other;
      const accountId = isOwn ? healthy : accounts[1 + at];
      await client.query(
        `insert into account (id, name, domain_id)
          select $1, 'other ' || $1, (select domain_id from account where id = $2)
          on conflict (id) do nothing`,
        [accountId, healthy],
      );
      await client.query(
        `insert into webhook (name, account_id, domain_id, payload_url, timeout_ms, rate_per_second_max)
          select 'other', a.id, a.domain_id, $2 || n, $3, $4
          from account a, generate_series(1, $5) n where a.id = $1`,
        [accountId, `${origin}/${kind}/${at}-`, timeoutMs, ratePerSecondMax, webhooks],
      );
    }
  } finally {
    await client.end();
  }
}

interface Noise {
  readonly other: Other;
  readonly account: string;
  readonly signal: AbortSignal;
}

/** Publishes the tenant's own events until it is told to stop. */
async function publishNoise(
  { line }: Subject,
  { other: { eventsPerSecond }, account, signal }: Noise,
): Promise<void> {
  if (eventsPerSecond === 0) return;
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const publications: Promise<void>[] = [];
  let number = 0;
  const timer = setInterval(() => {
    number += 1;
    publications.push(line.publisher.publish([numberedEvent(number, account)]));
  }, 1_000 / eventsPerSecond);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await stopped;
  clearInterval(timer);
  await Promise.all(publications);
}
