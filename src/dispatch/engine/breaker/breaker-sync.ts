/**
 * Keeps the breakers of this process in step with the table `webhook_health`: changes here are written, many in one
 * statement; changes that other processes made are read when they are announced. So a restart, another replica and the API
 * know which webhooks are failing.
 *
 * The last one to write is right: whoever attempted last knows best.
 */
import type { Log } from '../../../event/log.ts';
import { delay } from '../../../event/wait.ts';
import { databaseOf, type Store } from '../../../store/database.ts';
import {
  findBreakers,
  loadBreakers,
  markAnnounced,
  writeBreakers,
  type BreakerRow,
} from '../../../store/webhook/breaker.ts';
import { failuresMax, stateOf, unmet, well } from './breaker.ts';
import type { Breaker } from './breaker.ts';
import type { Breakers } from './breakers.ts';

export interface BreakerSyncOptions {
  readonly store: Store;
  readonly breakers: Breakers;
  /** The webhook is failing, with this error, or well again. Called once over all processes. */
  readonly onTurn: (
    webhookId: string,
    failure: { readonly error?: string | undefined } | undefined,
  ) => void;
  readonly log: Log;
}

/** How long a change waits for others. */
const gatherMs = 100;
const retryMs = 1_000;
/** The longest wait that a timer takes. */
const idleMsMax = 2 ** 31 - 1;

export class BreakerSync {
  readonly #options: BreakerSyncOptions;
  /** Webhooks whose breaker has changed here and is not written. */
  readonly #changed = new Set<string>();
  /** Webhooks whose row was changed by somebody. */
  readonly #announced = new Set<string>();
  #isStale = false;
  #wakeUp = new AbortController();

  private constructor(options: BreakerSyncOptions) {
    this.#options = options;
    options.breakers.watch({
      changed: webhookId => {
        this.#changed.add(webhookId);
        this.#wakeUp.abort();
      },
    });
  }

  /** Reads the breakers that are not closed. @throws when the database cannot be read. */
  static async open(options: BreakerSyncOptions): Promise<BreakerSync> {
    const sync = new BreakerSync(options);
    await sync.#load();
    return sync;
  }

  /** The webhook's row was changed. */
  announce(webhookId: string): void {
    this.#announced.add(webhookId);
    this.#wakeUp.abort();
  }

  /** Announcements may have been lost. */
  reload(): void {
    this.#isStale = true;
    this.#wakeUp.abort();
  }

  /** Writes and reads until `signal` aborts; then writes what is left. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(idleMsMax, AbortSignal.any([signal, this.#wakeUp.signal]));
      await delay(gatherMs, signal);
      this.#wakeUp = new AbortController();
      await this.#step(signal);
    }
    await this.#write().catch((error: unknown) =>
      this.#options.log.warn({ err: error }, 'breakers.not_synced'),
    );
  }

  async #step(signal: AbortSignal): Promise<void> {
    try {
      await this.#write();
      await this.#read();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'breakers.not_synced');
      this.#wakeUp.abort();
      await delay(retryMs, signal);
    }
  }

  async #write(): Promise<void> {
    const { store, breakers } = this.#options;
    const ids = [...this.#changed];
    if (ids.length === 0) return;
    this.#changed.clear();
    try {
      await writeBreakers(
        databaseOf(store),
        ids.map(id => toRow(id, breakers.of(id))),
      );
      await this.#announceTurns(ids);
    } catch (error) {
      for (const id of ids) this.#changed.add(id);
      throw error;
    }
  }

  async #read(): Promise<void> {
    if (this.#isStale) {
      this.#isStale = false;
      await this.#load();
    }
    const ids = [...this.#announced];
    if (ids.length === 0) return;
    this.#announced.clear();
    const rows = await findBreakers(databaseOf(this.#options.store), ids);
    this.#adopt(rows);
    const isWell = rows.filter(({ state, isAnnounced }) => state === 'ok' && isAnnounced);
    if (isWell.length > 0) await this.#announceTurns(isWell.map(({ webhookId }) => webhookId));
  }

  async #announceTurns(ids: readonly string[]): Promise<void> {
    const { store, breakers, onTurn } = this.#options;
    const failing = ids.filter(id => {
      const { failures, isNotable } = breakers.of(id);
      return isNotable && failures >= failuresMax;
    });
    for (const { webhookId, isFailing } of await markAnnounced(databaseOf(store), ids, failing)) {
      onTurn(webhookId, isFailing ? { error: breakers.of(webhookId).lastError } : undefined);
    }
  }

  async #load(): Promise<void> {
    const { store, breakers } = this.#options;
    this.#adopt(await loadBreakers(databaseOf(store), breakers.failingIds));
  }

  #adopt(rows: readonly BreakerRow[]): void {
    const { breakers } = this.#options;
    for (const row of rows) {
      // What changed here since is newer than the row.
      if (this.#changed.has(row.webhookId)) continue;
      const here = breakers.of(row.webhookId);
      if (!isSame(row, toRow(row.webhookId, here))) {
        breakers.adopt(row.webhookId, toBreaker(row, here));
      }
    }
  }
}

function isSame(a: BreakerRow, b: BreakerRow): boolean {
  return a.state === b.state && a.nextProbeAtMs === b.nextProbeAtMs;
}

function toRow(webhookId: string, breaker: Breaker): BreakerRow {
  const { open, failingSinceMs = null, lastError = null } = breaker;
  const state = stateOf(breaker);
  if (state === 'ok') return { webhookId, state, ...cleared };
  return {
    webhookId,
    state,
    sinceMs: open?.sinceMs ?? failingSinceMs,
    nextProbeAtMs: open?.probeAtMs ?? null,
    failingSinceMs,
    lastError,
  };
}

const cleared = { sinceMs: null, failingSinceMs: null, nextProbeAtMs: null, lastError: null };

function toBreaker(
  { state, sinceMs: since, nextProbeAtMs, failingSinceMs, lastError }: BreakerRow,
  { hasAccepted }: Breaker,
): Breaker {
  if (state === 'ok') return hasAccepted ? well : unmet;
  const sinceMs = since ?? 0;
  return {
    hasAccepted,
    failures: failuresMax,
    silences: 0,
    failingSinceMs: failingSinceMs ?? undefined,
    lastError: lastError ?? undefined,
    open: state === 'open' ? { sinceMs, probeAtMs: nextProbeAtMs ?? sinceMs } : undefined,
    isNotable: true,
  };
}
