/** Who syncs the directory when, and how it went: the one row of `directory_state`. */
import { sql } from 'kysely';

import { instant } from '../sql/instant.ts';
import type { Database } from '../database.ts';

export interface DirectoryStatus {
  readonly kind: 'cloudstack' | 'keystone';
  /** RFC 3339, as all instants here. */
  readonly nextAt: string;
  readonly attemptedAt: string | null;
  /** When the reading of the snapshot that serves began; null before the first. */
  readonly syncedAt: string | null;
  /** Since then, by the database's clock. */
  readonly ageSeconds: number | null;
  /** Why the last attempt failed; null when it did not. */
  readonly error: string | null;
  /** Attempts that failed one after the other. */
  readonly failures: number;
  /** False: the cloud's lists were not whole, so nothing that was missing was marked as gone. */
  readonly isWhole: boolean | null;
  /** The cloud's, gone ones left out. */
  readonly domains: number;
  readonly accounts: number;
  /** Rows made by hand or import whose ids the cloud knows too; they are left alone. */
  readonly localRows: number;
  /** Rows missing in the cloud's answer that were not marked as gone, because they are too many to be believed. */
  readonly removalsHeld: number;
}

export interface SyncClaim {
  /** RFC 3339: now, by the database's clock. */
  readonly readAt: string;
  readonly acceptRemovals: boolean;
  readonly adoptLocal: boolean;
}

/**
 * Claims the sync that is due for this process, if one is due. Nobody else gets it until `claimMs` have passed, so a
 * process that dies over it holds the others up no longer.
 */
export async function claimSync(
  database: Database,
  { kind, claimMs }: { kind: DirectoryStatus['kind']; claimMs: number },
): Promise<SyncClaim | undefined> {
  await sql`insert into directory_state (id, kind) values (1, ${kind}) on conflict (id) do nothing`.execute(
    database,
  );
  const { rows } = await sql<SyncClaim>`
    update directory_state set kind = ${kind}, attempted_at = now(),
      next_at = now() + ${claimMs} * interval '1 millisecond'
    where next_at <= now()
    returning ${instant('attempted_at')} as "readAt", accept_removals as "acceptRemovals",
      adopt_local as "adoptLocal"`.execute(database);
  return rows[0];
}

/** False once it was asked for in the meantime: the claim moved the time on, and asking moves it back. */
const isOnlyClaimed = sql`next_at > now()`;

/** What was asked for when it was claimed has been done, whether or not there was anything to do. */
export async function recordSync(
  database: Database,
  done: {
    readonly readAt: string;
    readonly refreshMs: number;
    readonly isWhole: boolean;
    readonly domains: number;
    readonly accounts: number;
    readonly localRows: number;
    readonly held: number;
  },
): Promise<void> {
  await sql`update directory_state set synced_at = ${done.readAt}::timestamptz, error = null, failures = 0,
    is_whole = ${done.isWhole}, domains = ${done.domains}, accounts = ${done.accounts},
    local_rows = ${done.localRows}, removals_held = ${done.held},
    accept_removals = accept_removals and not (${isOnlyClaimed}),
    adopt_local = adopt_local and not (${isOnlyClaimed}),
    next_at = case when ${isOnlyClaimed} then now() + ${done.refreshMs} * interval '1 millisecond'
      else next_at end`.execute(database);
}

/** @param waitMs until the next attempt, doubled with each failure up to `waitMsMax`. */
export async function recordFailure(
  database: Database,
  { error, waitMs, waitMsMax }: { error: string; waitMs: number; waitMsMax: number },
): Promise<void> {
  await sql`update directory_state set error = ${error}, failures = failures + 1,
    next_at = case when ${isOnlyClaimed}
      then now() + least(${waitMsMax}, ${waitMs} * power(2, least(failures, 20))) * interval '1 millisecond'
      else next_at end`.execute(database);
}

/** Whether a snapshot that was read later than that serves already. */
export async function isOvertaken(database: Database, readAt: string): Promise<boolean> {
  const { rows } = await sql`select from directory_state
    where synced_at > ${readAt}::timestamptz`.execute(database);
  return rows.length > 0;
}

/** Gives a claim back: a sync is due at once. */
export async function releaseSync(database: Database): Promise<void> {
  await sql`update directory_state set next_at = now()`.execute(database);
}

/**
 * Makes a sync due now.
 *
 * @returns false when no directory is configured.
 */
export async function requestSync(
  database: Database,
  { acceptRemovals, adoptLocal }: { acceptRemovals: boolean; adoptLocal: boolean },
): Promise<boolean> {
  const { numAffectedRows } = await sql`update directory_state set next_at = now(),
    accept_removals = ${acceptRemovals}, adopt_local = ${adoptLocal}`.execute(database);
  return Number(numAffectedRows ?? 0) > 0;
}

/** Undefined when no directory is configured. */
export async function findDirectoryStatus(
  database: Database,
): Promise<DirectoryStatus | undefined> {
  const { rows } = await sql<DirectoryStatus>`
    select kind, ${instant('next_at')} as "nextAt", ${instant('attempted_at')} as "attemptedAt",
      ${instant('synced_at')} as "syncedAt", extract(epoch from now() - synced_at)::float8 as "ageSeconds", error,
      failures, is_whole as "isWhole", domains, accounts, local_rows as "localRows",
      removals_held as "removalsHeld"
    from directory_state`.execute(database);
  return rows[0];
}

/** The configuration names no cloud any more; the rows it left stay as they are. */
export async function forgetDirectoryStatus(database: Database): Promise<void> {
  await sql`delete from directory_state`.execute(database);
}
