/**
 * Keeps the tables in step with the cloud: now and then everything is read anew.
 *
 * Of all processes one does it at a time, whichever claims it first when it is due. Whatever goes wrong, the tables stay
 * as they are and serve; how old they are is a metric, and why is in `directory_state`.
 */

import type { Log } from '../event/log.ts';
import { delay } from '../event/wait.ts';
import { applySnapshot, countMissing, type Applied } from '../store/directory/apply-snapshot.ts';
import type { DirectorySnapshot } from '../store/directory/directory-snapshot.ts';
import { databaseOf, type Store } from '../store/database.ts';
import {
  claimSync,
  findDirectoryStatus,
  recordFailure,
  releaseSync,
  type DirectoryStatus,
  type SyncClaim,
} from '../store/directory/sync-state.ts';
import type { DirectoryProvider } from './provider.ts';

export interface SyncOptions {
  readonly store: Store;
  readonly provider: DirectoryProvider;
  readonly refreshMs: number;
  readonly log: Log;
}

export interface DirectorySyncOptions extends SyncOptions {
  /** False: this process only follows what the others do. */
  readonly syncs: boolean;
  readonly onStatus: (status: DirectoryStatus) => void;
}

/** How soon a sync that is due is noticed. */
const tickMs = 2_000;
/** A sync that takes longer is given up. */
const syncMsMax = 30 * 60_000;
/** First wait after a failure; doubled up to the refresh time. */
const retryMs = 5_000;

/** Follows the state of the directory, and syncs when it is due, until `signal` aborts. */
export async function keepDirectory(
  options: DirectorySyncOptions,
  signal: AbortSignal,
): Promise<void> {
  const { store, syncs, onStatus, log } = options;
  let isAway = false;
  while (!signal.aborted) {
    try {
      if (syncs) await syncWhenDue(options, signal);
      const status = await findDirectoryStatus(databaseOf(store));
      if (status) onStatus(status);
      isAway = false;
    } catch (error) {
      if (!isAway) log.warn({ err: error }, 'directory.state_unknown');
      isAway = true;
    }
    await delay(tickMs, signal);
  }
}

/**
 * Syncs if it is due and nobody else is at it.
 *
 * @returns what changed; undefined when nothing was due, or it failed, which is recorded, or was overtaken.
 * @throws when the database cannot be reached.
 */
export async function syncWhenDue(
  options: SyncOptions,
  signal: AbortSignal,
): Promise<Applied | undefined> {
  const { store, provider, refreshMs, log } = options;
  const database = databaseOf(store);
  const claim = await claimSync(database, { kind: provider.kind, claimMs: syncMsMax });
  if (!claim) return undefined;
  const startedMs = performance.now();
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(syncMsMax)]);
    const applied = await sync(options, claim, limit);
    if (applied) tell(options, applied, Math.round(performance.now() - startedMs));
    return applied;
  } catch (error) {
    if (signal.aborted) {
      await releaseSync(database);
      return undefined;
    }
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ err: error, provider: provider.kind }, 'directory.sync_failed');
    await recordFailure(database, { error: reason, waitMs: retryMs, waitMsMax: refreshMs });
    return undefined;
  }
}

async function sync(
  { store, provider, refreshMs }: SyncOptions,
  claim: SyncClaim,
  signal: AbortSignal,
): Promise<Applied | undefined> {
  const snapshot = await readTwice(store, provider, { claim, signal });
  signal.throwIfAborted();
  return applySnapshot(store, snapshot, { ...claim, refreshMs });
}

/**
 * What seems to be gone is asked for once more: in a list read by page numbers, one row may slip past when another
 * goes at the same time.
 */
async function readTwice(
  store: Store,
  provider: DirectoryProvider,
  { claim, signal }: { claim: SyncClaim; signal: AbortSignal },
): Promise<DirectorySnapshot> {
  const first = await provider.readAll(signal);
  if (!first.isWhole) return first;
  const missing = await countMissing(databaseOf(store), first.accounts, claim.readAt);
  if (missing === 0) return first;
  const second = await provider.readAll(signal);
  const accounts = new Map([...first.accounts, ...second.accounts].map(one => [one.id, one]));
  return { ...second, accounts: [...accounts.values()] };
}

function tell({ provider, log }: SyncOptions, applied: Applied, durationMs: number): void {
  const facts = { provider: provider.kind, ...applied, durationMs };
  if (applied.created + applied.updated + applied.removed > 0) log.info(facts, 'directory.synced');
  else log.debug(facts, 'directory.synced');
  if (applied.held > 0) {
    log.warn(
      { held: applied.held, remedy: 'hookline directory sync --accept-removals' },
      'directory.removals_held',
    );
  }
}
