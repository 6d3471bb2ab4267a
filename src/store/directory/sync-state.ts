/** State of the directory sync: which process syncs when, and how the last sync went. One row of `directory_state`. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import { fromNow, now } from '../sql/instant.ts';

export interface DirectoryStatus extends Readonly<
  Omit<Row<'directory_state'>, 'id' | 'acceptRemovals' | 'adoptLocal'>
> {
  /** Seconds since `syncedAt`, by the database's clock. */
  readonly ageSeconds: number | null;
}

export interface SyncClaim {
  /** The time of the claim, by the database's clock, as RFC 3339. */
  readonly readAt: string;
  readonly acceptRemovals: boolean;
  readonly adoptLocal: boolean;
}

/**
 * Claims the sync for this process, if one is due. No other process gets it until `claimMs` have passed; after that one
 * may, in case this process died.
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

/** False when another sync was requested since the claim: the claim postpones `next_at`, a request sets it to now. */
const isOnlyClaimed = sql`next_at > now()`;

/** Records a sync that succeeded. Requests made before its claim are fulfilled, whether or not anything had to change. */
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

/** Records an attempt that failed. @param waitMs until the next attempt; doubled by each failure in a row, up to `waitMsMax`. */
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

/** Whether the current snapshot was read later than `readAt`. */
export async function isOvertaken(database: Database, readAt: string): Promise<boolean> {
  const later = await database
    .selectFrom('directory_state')
    .select('id')
    .where('syncedAt', '>', readAt)
    .executeTakeFirst();
  return later !== undefined;
}

/** Releases a claim: a sync is due at once. */
export async function releaseSync(database: Database): Promise<void> {
  await database.updateTable('directory_state').set({ nextAt: now }).execute();
}

/**
 * Requests a sync, due at once.
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

/** Finds how the last sync went; undefined when no directory is configured. */
export async function findDirectoryStatus(
  database: Database,
): Promise<DirectoryStatus | undefined> {
  return database
    .selectFrom('directory_state')
    .selectAll()
    .select(sql<number | null>`extract(epoch from now() - synced_at)::float8`.as('ageSeconds'))
    .executeTakeFirst();
}

/** Deletes the state when the configuration has no directory any more; domains and accounts stay as they are. */
export async function deleteDirectoryStatus(database: Database): Promise<void> {
  await database.deleteFrom('directory_state').execute();
}
