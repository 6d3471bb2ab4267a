/** Tables as an installation has them after a quiet month and a busy day, filled by a few statements. */
import { randomUUID } from 'node:crypto';

import { sql } from 'kysely';

import { databaseOf, type Store } from '../../src/store/database.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { joinProcess } from '../../src/store/record/lease.ts';
import { firstIdOf, openPartitions } from '../../src/store/schema/partition.ts';
import type { PostgresEdition } from '../service/postgres-programs.ts';
import { createTestDatabase } from '../service/shared.ts';
import { newId } from './record-harness.ts';

export interface PlanWorld extends AsyncDisposable {
  readonly store: Store;
  /** A webhook that has most of the deliveries, and of the waiting ones. */
  readonly busy: string;
  /** A webhook that has ten deliveries, all of yesterday. */
  readonly quiet: string;
  /** A webhook whose deliveries have order keys. */
  readonly ordered: string;
  /** Returns another webhook at each call, with about a hundred deliveries. */
  readonly other: () => Promise<string>;
  /** A process with a lease. */
  readonly processId: number;
  readonly run: (statement: string) => Promise<readonly Record<string, unknown>[]>;
  /** Inserts the rows. */
  readonly fill: () => Promise<void>;
  /** Makes the tables as if they had never been analyzed. */
  readonly forgetStatistics: () => Promise<void>;
}

const DAY_MS = 86_400_000;
const webhooks = 300;
const today = new Date();
const yesterday = new Date(today.getTime() - DAY_MS);
/** Events of today; one in ten waits to be delivered. */
const eventsToday = 120_000;
const eventsYesterday = 20_000;

export async function openPlanWorld(edition: PostgresEdition): Promise<PlanWorld> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase(edition));
  const store = await openStore(database.url);
  stack.defer(() => store.close());
  const run: PlanWorld['run'] = async statement =>
    (await sql<Record<string, unknown>>`${sql.raw(statement)}`.execute(databaseOf(store))).rows;
  for (const days of [9, 18, 27]) {
    await openPartitions(store, new Date(today.getTime() - days * DAY_MS));
  }
  await openPartitions(store, today);
  // Only the tests analyze the tables.
  await run(
    `do $$ declare t text; begin for t in select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
      loop execute format('alter table %I set (autovacuum_enabled = off)', t); end loop; end $$`,
  );
  const [busy, quiet, ordered] = [randomUUID(), randomUUID(), randomUUID()];
  await run(`insert into domain (id, name) values ('root', 'ROOT')`);
  await run(`insert into account (id, name, domain_id) values ('a', 'a', 'root')`);
  await run(`insert into webhook (id, name, account_id, domain_id, payload_url)
    select id, 'w' || n, 'a', 'root', 'http://r/' || n
    from (select case n when 1 then '${busy}' when 2 then '${quiet}' when 3 then '${ordered}'
      else gen_random_uuid()::text end::uuid as id, n from generate_series(1, ${webhooks}) n) w`);
  await run(`insert into webhook_filter (webhook_id, value) select id, 'VM.*' from webhook`);
  await run(`create table place as select id, row_number() over (order by name) as n from webhook
    where id not in ('${busy}', '${quiet}', '${ordered}')`);
  const processId = await joinProcess(databaseOf(store), {
    host: 'h',
    pid: 1,
    ttlMs: 3_600_000,
    watermark: newId(),
  });
  let taken = 0;
  const owned = stack.move();
  return {
    store,
    busy,
    quiet,
    ordered,
    processId,
    other: async () => {
      taken += 1;
      const [row] = await run(`select id from place where n = ${taken}`);
      return String(row?.['id']);
    },
    run,
    fill: async () => {
      for (const statement of filling({ busy, quiet, ordered })) await run(statement);
    },
    forgetStatistics: async () => {
      await run(`delete from pg_statistic where starelid in
        (select oid from pg_class where relnamespace = 'public'::regnamespace)`);
      await run(`update pg_class set reltuples = -1, relpages = 0, relallvisible = 0
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')`);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** @param ms the time, in terms of the row's number `n`. @param version 7 for an event, 8 for a delivery. */
const idAt = (ms: string, version: number): string =>
  `(lpad(to_hex(${ms}), 12, '0') || '${version}0008000' || lpad(to_hex(n), 12, '0'))::uuid`;

const startOf = (day: Date): number => Math.floor(day.getTime() / DAY_MS) * DAY_MS;

/** Of a day with so many rows, evenly spread. */
function idOf(day: Date, rows: number, version: number): string {
  const ms = day === today ? Math.max(today.getTime() - startOf(today), rows) : DAY_MS;
  return idAt(`${startOf(day)} + n * ${Math.floor(ms / rows)}::bigint`, version);
}

type Webhooks = Pick<PlanWorld, 'busy' | 'quiet' | 'ordered'>;

function filling({ busy, quiet, ordered }: Webhooks): readonly string[] {
  const wanting = `coalesce(case when n % 3 > 0 then '${busy}' when n % 300 = 0 then '${ordered}' end::uuid, (
    select p.id from place p where p.n = x.n % ${webhooks - 3} + 1))`;
  const days = [
    [yesterday, eventsYesterday],
    [today, eventsToday],
  ] as const;
  const hourly = `${startOf(today) - 28 * DAY_MS} + n * 3600000::bigint`;
  return [
    // A quiet month.
    `insert into event (id, process_id, source, event, account, body, owed)
      select ${idAt(hourly, 7)}, 0, 's', 'VM.START', 'a', '{}', '{}' from generate_series(0, ${27 * 24}) n`,
    `insert into delivery (id, event_id, webhook_id, kind, state, tries, created_at)
      select ${idAt(hourly, 8)}, ${idAt(hourly, 7)}, '${busy}', 'event', 'delivered', 1, now()
      from generate_series(0, ${27 * 24}) n`,
    ...days.flatMap(([day, rows]) => [
      `insert into event (id, process_id, source, event, account, entityuuid, body, owed)
        select ${idOf(day, rows, 7)}, 0, 's', 'VM.' || n % 7, 'a', 'e' || n % 500, repeat('x', 200), '{}'
        from generate_series(1, ${rows}) n`,
      `insert into delivery (id, event_id, webhook_id, kind, state, tries, next_attempt_at, created_at, finished_at,
          started_at, duration_ms, order_key)
        select ${idOf(day, rows, 8)}, ${idOf(day, rows, 7)}, ${day === yesterday ? `case when n <= 10 then '${quiet}' else ${wanting} end` : wanting},
          'event', case when n % 10 = 0 then 'pending' else 'delivered' end, 2,
          case when n % 10 = 0 then now() - n * interval '1 ms' end, now(), now(), now(), 5,
          case when n % 300 = 0 then 'e' || n % 500 end
        from (select n::int as n from generate_series(1, ${rows}) n) x`,
      `insert into attempt (delivery_id, number, started_at, duration_ms)
        select id, 1, now(), 5 from delivery where id >= '${firstIdOf(day.getTime())}'
          and id < '${firstIdOf(day.getTime() + DAY_MS)}' and state = 'delivered'`,
    ]),
    `insert into change (kind, key, transaction_id)
      select 'webhook', gen_random_uuid()::text, (3 + n % 100)::text::xid8 from generate_series(1, 50000) n`,
    `insert into event_key (hash, event_id) select md5(id::text)::uuid, id from event`,
    `insert into receipt (source, consumer_id, hashes)
      select 's', gen_random_uuid(), array[gen_random_uuid()] from generate_series(1, 500)`,
  ];
}
