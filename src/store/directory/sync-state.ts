/** Who syncs the directory when, and how it went: the one row of `directory_state`. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import { fromNow, now } from '../sql/instant.ts';

export interface DirectoryStatus extends Readonly<
  Omit<Row<'directory_state'>, 'id' | 'acceptRemovals' | 'adoptLocal'>
> {
  /** Since `syncedAt`, by the database's clock. */
  readonly ageSeconds: number | null;
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
  await database
    .insertInto('directory_state')
    .values({ id: 1, kind })
    .onConflict(conflict => conflict.doNothing())
    .execute();
  const claimed = await database
    .updateTable('directory_state')
    .set({ kind, attemptedAt: now, nextAt: fromNow(claimMs) })
    .where('nextAt', '<=', now)
    .returning(['attemptedAt', 'acceptRemovals', 'adoptLocal'])
    .executeTakeFirst();
  if (!claimed) return undefined;
  const { attemptedAt, ...asked } = claimed;
  if (attemptedAt === null) throw new RangeError('a claim says when it was made');
  return { readAt: attemptedAt, ...asked };
}

/** False once another sync was asked for in the meantime: the claim moved the time on, and asking moves it back. */
const isOnlyClaimed = sql`next_at > now()`;

/** A request is done with the claim that it was made before, whether or not there was anything to do. */
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
  await database
    .updateTable('directory_state')
    .set({
      syncedAt: done.readAt,
      error: null,
      failures: 0,
      isWhole: done.isWhole,
      domains: done.domains,
      accounts: done.accounts,
      localRows: done.localRows,
      removalsHeld: done.held,
      acceptRemovals: sql<boolean>`accept_removals and not (${isOnlyClaimed})`,
      adoptLocal: sql<boolean>`adopt_local and not (${isOnlyClaimed})`,
      nextAt: sql<string>`case when ${isOnlyClaimed} then ${fromNow(done.refreshMs)} else next_at end`,
    })
    .execute();
}

/** @param waitMs until the next attempt, doubled with each failure up to `waitMsMax`. */
export async function recordFailure(
  database: Database,
  { error, waitMs, waitMsMax }: { error: string; waitMs: number; waitMsMax: number },
): Promise<void> {
  await database
    .updateTable('directory_state')
    .set(eb => ({
      error,
      failures: eb('failures', '+', 1),
      nextAt: sql<string>`case when ${isOnlyClaimed}
        then now() + least(${waitMsMax}, ${waitMs} * power(2, least(failures, 20))) * interval '1 millisecond'
        else next_at end`,
    }))
    .execute();
}

/** Whether a snapshot that was read later than that serves already. */
export async function isOvertaken(database: Database, readAt: string): Promise<boolean> {
  const later = await database
    .selectFrom('directory_state')
    .select('id')
    .where('syncedAt', '>', readAt)
    .executeTakeFirst();
  return later !== undefined;
}

/** Gives a claim back: a sync is due at once. */
export async function releaseSync(database: Database): Promise<void> {
  await database.updateTable('directory_state').set({ nextAt: now }).execute();
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
  const { numUpdatedRows } = await database
    .updateTable('directory_state')
    .set({ nextAt: now, acceptRemovals, adoptLocal })
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Undefined when no directory is configured. */
export async function findDirectoryStatus(
  database: Database,
): Promise<DirectoryStatus | undefined> {
  return database
    .selectFrom('directory_state')
    .selectAll()
    .select(sql<number | null>`extract(epoch from now() - synced_at)::float8`.as('ageSeconds'))
    .executeTakeFirst();
}

/** The configuration names no cloud any more; the rows it left stay as they are. */
export async function deleteDirectoryStatus(database: Database): Promise<void> {
  await database.deleteFrom('directory_state').execute();
}
