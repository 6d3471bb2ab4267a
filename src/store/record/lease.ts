/**
 * The lease under which a process owes deliveries that have no rows yet.
 *
 * A process joins by inserting a row, and keeps `lease_until` in the future. Every event it records names the process. Each
 * renewal states the event up to which every owed delivery has a row (the watermark). When the lease lapses, any process
 * may take over: it inserts the missing rows as due, releases the claimed ones, and deletes the process's row, all in one
 * transaction. The row is the fence: recording holds a lock on it, so a batch is either seen by the take-over or refused.
 */
import { sql } from 'kysely';

import { dueOld } from '../connection/listener.ts';
import { releaseClaims } from '../delivery/release.ts';
import { insertOutcomes, type Outcome } from '../delivery/outcome.ts';
import { type Database, inTransaction, type Store } from '../database.ts';

/** Number of events looked at in one step of a take-over. */
const windowRows = 2_000;

/**
 * Inserts the process's row.
 *
 * @param process its watermark is an ID below that of every event the process will record.
 * @returns the process id.
 */
export async function joinProcess(
  database: Database,
  process: { host: string; pid: number; ttlMs: number; watermark: string },
): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into process (host, pid, lease_until, watermark) values (${process.host}, ${process.pid},
      now() + ${process.ttlMs} * interval '1 millisecond', ${process.watermark}) returning id`.execute(
    database,
  );
  const [row] = rows;
  if (!row) throw new RangeError('insert into process returned no row');
  return row.id;
}

export interface Renewal {
  /** False when the process was taken over and its row is gone. */
  readonly isHeld: boolean;
  /** Whether the lease of another process has lapsed. */
  readonly othersLapsed: boolean;
}

/** Renews the lease. */
export async function renewLease(
  database: Database,
  process: { id: number; ttlMs: number; watermark: string },
): Promise<Renewal> {
  const { rows } = await sql<Renewal>`
    with renewed as (
      update process set lease_until = now() + ${process.ttlMs} * interval '1 millisecond',
        watermark = ${process.watermark} where id = ${process.id} returning id)
    select exists (select from renewed) as "isHeld",
      exists (select from process where lease_until < now() and id <> ${process.id}) as "othersLapsed"`.execute(
    database,
  );
  const [row] = rows;
  if (!row) throw new RangeError('renewing the lease returned no row');
  return row;
}

/** What a take-over did: the numbers of missing rows that it inserted, and of claims that it released. */
export interface TakeOver {
  readonly processId: number;
  readonly missing: number;
  readonly released: number;
}

/** Takes over every process whose lease has lapsed. Safe in parallel: each process is taken over once. */
export async function takeOverLapsed(store: Store): Promise<readonly TakeOver[]> {
  const takenOver: TakeOver[] = [];
  for (;;) {
    const one = await inTransaction(store, database =>
      takeOverOne(database, sql`lease_until < now()`),
    );
    if (!one) return takenOver;
    takenOver.push(one);
  }
}

/**
 * Takes over the process itself, so that the others need not wait for its lease to lapse. They are told, because what it
 * wrote while it stopped is due as well.
 */
export async function leaveProcess(store: Store, processId: number): Promise<TakeOver | undefined> {
  return inTransaction(store, async database => {
    const left = await takeOverOne(database, sql`id = ${processId}`);
    await sql`select pg_notify('hookline', ${dueOld})`.execute(database);
    return left;
  });
}

async function takeOverOne(
  database: Database,
  which: ReturnType<typeof sql>,
): Promise<TakeOver | undefined> {
  const { rows } = await sql<{ id: number; watermark: string }>`
    select id, watermark from process where ${which} limit 1 for update skip locked`.execute(
    database,
  );
  const [gone] = rows;
  if (!gone) return undefined;
  const missing = await writeMissing(database, gone);
  const released = await releaseClaims(database, gone.id);
  await sql`delete from process where id = ${gone.id}`.execute(database);
  if (missing + released > 0) await sql`select pg_notify('hookline', ${dueOld})`.execute(database);
  return { processId: gone.id, missing, released };
}

/**
 * Inserts the deliveries that events above the watermark owe; those that have a row already are known by their ids. It
 * looks at windows of events in the order of their ids, whichever process recorded them: asked for the events of one
 * process, PostgreSQL may read the whole day.
 */
async function writeMissing(
  database: Database,
  gone: { id: number; watermark: string },
): Promise<number> {
  let missing = 0;
  let cursor: string | undefined = gone.watermark;
  while (cursor !== undefined) {
    const { rows } = await sql<{ id: string; owed: string[] }>`
      select id, owed::text[] as owed from (
        select id, process_id, owed from event where id > ${cursor}::uuid
        order by id limit (select ${windowRows}::int)) recorded
      where process_id = ${gone.id} and owed <> '{}'`.execute(database);
    missing += await insertOutcomes(database, rows.flatMap(dueNow));
    cursor = await windowEnd(database, cursor);
  }
  return missing;
}

/** Finds the ID of the last event of a window; undefined when the table ends before it. */
async function windowEnd(database: Database, after: string): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from event where id > ${after}::uuid order by id offset (select ${windowRows - 1}::int) limit 1`.execute(
    database,
  );
  return rows[0]?.id;
}

function dueNow({ id, owed }: { id: string; owed: readonly string[] }): readonly Outcome[] {
  const nextAttemptAtMs = Date.now();
  return owed.map(webhookId => ({
    eventId: id,
    webhookId,
    state: 'pending',
    tries: 0,
    nextAttemptAtMs,
  }));
}
