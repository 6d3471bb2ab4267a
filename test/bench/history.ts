/** What years of history cost: lists, recording and claims with many ended deliveries in the tables, against none. */
import { Client } from 'pg';

import { quantile } from './arrivals.ts';
import type { Lab, Subject } from './lab.ts';
import type { Figures } from './report.ts';
import { drainBus, loadBus } from './throughput.ts';

const asks = 50;

export interface HistoryRun {
  /** Number of events from the bus. */
  readonly fresh: number;
  /** Number of ended deliveries, over thirty days. */
  readonly ended: number;
}

export async function measureHistory(lab: Lab, { fresh, ended }: HistoryRun): Promise<Figures> {
  await using subject = await lab.openSubject('rabbitmq', 1);
  const before = await measureOnce(lab, subject, fresh);
  await insertEnded(subject, ended);
  const after = await measureOnce(lab, subject, fresh);
  return {
    'history: deliveries/s without': before.perSecond,
    'history: deliveries/s with': after.perSecond,
    'history: of none': after.perSecond / before.perSecond,
    'history: page of deliveries without, ms': before.pageMs,
    'history: page of deliveries with, ms': after.pageMs,
    'history: page of a webhook’s deliveries without, ms': before.webhookPageMs,
    'history: page of a webhook’s deliveries with, ms': after.webhookPageMs,
  };
}

async function measureOnce(lab: Lab, subject: Subject, fresh: number) {
  await loadBus(lab, subject, { count: fresh });
  const perSecond = fresh / (await drainBus(lab, subject, fresh));
  const { hookline, databaseUrl } = subject;
  const [webhookId = ''] = await query(databaseUrl, 'select id from webhook');
  const pageMs = await timeOf(async () => hookline.request('GET', '/v1/deliveries?limit=50'));
  const webhookPageMs = await timeOf(async () =>
    hookline.request('GET', `/v1/deliveries?limit=50&webhookId=${webhookId}`),
  );
  return { perSecond, pageMs, webhookPageMs };
}

/** @returns the median, in milliseconds. */
async function timeOf(ask: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let at = 0; at < asks; at += 1) {
    const beganAtMs = performance.now();
    await ask();
    took.push(performance.now() - beganAtMs);
  }
  return quantile(Float64Array.from(took), 0.5);
}

/** Ended deliveries, of the one webhook, spread over the days that there are. */
async function insertEnded({ databaseUrl }: Subject, count: number): Promise<void> {
  const days = await query(
    databaseUrl,
    `select substring(c.relname from '\\d{8}$') as id from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'delivery'::regclass and c.relname ~ '\\d{8}$' and substring(c.relname from '\\d{8}$') <= to_char(now() at time zone 'UTC', 'YYYYMMDD')`,
  );
  for (const day of days) {
    const perDay = Math.ceil(count / days.length);
    const ms = `(extract(epoch from to_date('${day}', 'YYYYMMDD') at time zone 'UTC') * 1000)::bigint + n * (60000000 / ${perDay}::float)::int`;
    const idOf = (version: number): string =>
      `(lpad(to_hex(${ms}), 12, '0') || '${version}0008000' || lpad(to_hex(n), 12, '0'))::uuid`;
    await query(
      databaseUrl,
      `insert into event (id, process_id, source, event, account, body, owed)
        select ${idOf(7)}, 0, 'rabbitmq', 'VM.START', 'a', repeat('x', 300), '{}' from generate_series(1, ${perDay}) n`,
    );
    await query(
      databaseUrl,
      `insert into delivery (id, event_id, webhook_id, kind, state, tries, created_at, finished_at, started_at, duration_ms, status)
        select ${idOf(8)}, ${idOf(7)}, (select id from webhook), 'event', 'delivered', 1, now(), now(), now(), 5, 200
        from generate_series(1, ${perDay}) n`,
    );
  }
}

/** @returns the ids that it selects. */
async function query(url: string, sql: string): Promise<readonly string[]> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(sql);
    return rows.map(({ id }) => id);
  } finally {
    await client.end();
  }
}
