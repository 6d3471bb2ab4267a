/**
 * Keeps the tables in step with the cloud by reading everything at intervals.
 *
 * One process at a time does so: the one that first claims a sync that is due. If it fails, the tables stay as they are
 * and remain in use; a metric shows their age, and `directory_state` the reason.
 */

import type { Log } from '../event/log.ts';
import { delay } from '../event/wait.ts';
import { applySnapshot, countMissing, type Applied } from '../store/directory/apply-snapshot.ts';
import type { DirectorySnapshot } from '../store/directory/snapshot.ts';
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
  /** Whether this process syncs; if false, it only follows the state. */
  readonly syncs: boolean;
  readonly onStatus: (status: DirectoryStatus) => void;
}

/** Interval at which a due sync is looked for. */
const tickMs = 2_000;
/** Time limit of a sync. */
const syncMsMax = 30 * 60_000;
/** First wait after a failure; doubles up to the refresh time. */
const retryMs = 5_000;

/** Follows the state of the directory, and syncs when it is due, until `signal` aborts. */
export async function runDirectorySync(
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
 * Syncs if a sync is due and no other process runs it.
 *
 * @returns what changed; undefined when none was due, another process took over, or it failed, which is recorded.
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
 * Reads the cloud, and if accounts are missing, once more: in a list read by page numbers, a row can be skipped when
 * another one is deleted meanwhile.
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
