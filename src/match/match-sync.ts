/**
 * Keeps the match index in step with the tables.
 *
 * A trigger names each changed row; the rows named within `gatherMs` are read and applied together. When notifications
 * may have been lost (the connection broke, a table was truncated), and every `resyncMs` regardless, a new index
 * is built beside the old one and takes its place. What changes while it is being built is applied after.
 */
import type { Log } from '../event/log.ts';
import { delay } from '../event/wait.ts';
import { createMatchIndex, type MatchIndex } from './match-index.ts';
import { listenToChanges, type Change } from '../store/connection/changes.ts';
import type { Store } from '../store/database.ts';
import { loadAccounts, loadAccountsById, loadDomains } from '../store/directory/load.ts';
import { loadWebhooks, loadWebhooksById } from '../store/webhook/load.ts';

export interface MatchSyncOptions {
  readonly store: Store;
  readonly databaseUrl: string;
  readonly resyncMs: number;
  /** A delivery is due now, after a redelivery or a take-over. @param isOld true when its event may be of any day. */
  readonly onDue: (isOld: boolean) => void;
  /** A setting changed, or may have. */
  readonly onSetting: () => void;
  /** The domain tree changed. */
  readonly onTree: () => void;
  /** The health of a webhook changed; without an id, that of any may have. */
  readonly onHealth: (webhookId?: string) => void;
  readonly log: Log;
}

const gatherMs = 20;
const reconnectMs = 1_000;

export class MatchSync {
  readonly #options: MatchSyncOptions;
  #index: MatchIndex;
  #changed = new Set<string>();
  #isStale = false;
  #wakeUp = new AbortController();

  private constructor(options: MatchSyncOptions, index: MatchIndex) {
    this.#options = options;
    this.#index = index;
  }

  /** Builds the first index. @throws when the database cannot be read. */
  static async open(options: MatchSyncOptions): Promise<MatchSync> {
    return new MatchSync(options, await buildIndex(options.store));
  }

  /** The index of this moment. Do not keep it: it gets replaced. */
  get index(): MatchIndex {
    return this.#index;
  }

  /** Applies accounts and domains that were just written, without waiting for the notification. */
  async take(rows: Record<'account' | 'domain', readonly string[]>): Promise<void> {
    await applyRows(this.#options.store, this.#index, kind =>
      kind === 'webhook' ? [] : rows[kind],
    );
    if (rows.domain.length > 0) this.#options.onTree();
  }

  /** Follows the tables until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#listen(signal), this.#follow(signal)]);
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { databaseUrl, log } = this.#options;
    while (!signal.aborted) {
      try {
        const listener = await listenToChanges(databaseUrl, change => this.#onChange(change));
        const close = (): void => void listener.close();
        signal.addEventListener('abort', close, { once: true });
        if (signal.aborted) close();
        // Notifications before this moment were lost.
        this.#onChange({ kind: 'truncate' });
        await listener.ended;
        signal.removeEventListener('abort', close);
      } catch (error) {
        log.warn({ err: error }, 'changes.disconnected');
      }
      await delay(reconnectMs, signal);
    }
  }

  #onChange(change: Change): void {
    if (change.kind === 'due') return this.#options.onDue(change.isOld);
    if (change.kind === 'setting') return this.#options.onSetting();
    if (change.kind === 'health') return this.#options.onHealth(change.id);
    if (change.kind === 'truncate') this.#isStale = true;
    else this.#changed.add(`${change.kind}:${change.id}`);
    this.#wakeUp.abort();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { resyncMs, log } = this.#options;
    let resyncAtMs = performance.now() + resyncMs;
    while (!signal.aborted) {
      const restMs = Math.max(0, resyncAtMs - performance.now());
      await delay(restMs, AbortSignal.any([signal, this.#wakeUp.signal]));
      await delay(gatherMs, signal);
      if (signal.aborted) return;
      this.#wakeUp = new AbortController();
      try {
        if (performance.now() >= resyncAtMs) this.#isStale = true;
        if (this.#isStale) {
          await this.#rebuild();
          resyncAtMs = performance.now() + resyncMs;
        }
        await this.#applyChanges();
      } catch (error) {
        this.#isStale = true;
        this.#wakeUp.abort();
        log.warn({ err: error }, 'match.sync_failed');
        await delay(reconnectMs, signal);
      }
    }
  }

  async #rebuild(): Promise<void> {
    this.#isStale = false;
    this.#changed.clear();
    this.#index = await buildIndex(this.#options.store);
    this.#options.onSetting();
    this.#options.onHealth();
  }

  async #applyChanges(): Promise<void> {
    const rows = [...this.#changed];
    this.#changed.clear();
    const idsOf = (kind: string): readonly string[] =>
      rows.filter(row => row.startsWith(`${kind}:`)).map(row => row.slice(kind.length + 1));
    await applyRows(this.#options.store, this.#index, idsOf);
    if (idsOf('domain').length > 0) this.#options.onTree();
  }
}

async function buildIndex(store: Store): Promise<MatchIndex> {
  const index = createMatchIndex();
  for (const domain of await loadDomains(store)) index.setDomain(domain);
  for await (const page of loadAccounts(store)) {
    for (const account of page) index.setAccount(account);
  }
  for await (const page of loadWebhooks(store)) {
    for (const webhook of page) index.upsertWebhook(webhook);
  }
  return index;
}

/** Applies rows to the index; those that are no longer there are removed from it. */
async function applyRows(
  store: Store,
  index: MatchIndex,
  idsOf: (kind: 'domain' | 'account' | 'webhook') => readonly string[],
): Promise<void> {
  const domainIds = idsOf('domain');
  if (domainIds.length > 0) {
    const found = await loadDomains(store, domainIds);
    for (const domain of found) index.setDomain(domain);
    for (const id of missing(domainIds, found)) index.removeDomain(id);
  }
  const accountIds = idsOf('account');
  if (accountIds.length > 0) {
    const found = await loadAccountsById(store, accountIds);
    for (const account of found) index.setAccount(account);
    for (const id of missing(accountIds, found)) index.removeAccount(id);
  }
  const webhookIds = idsOf('webhook');
  if (webhookIds.length > 0) {
    const found = await loadWebhooksById(store, webhookIds);
    for (const webhook of found) index.upsertWebhook(webhook);
    for (const id of missing(webhookIds, found)) index.removeWebhook(id);
  }
}

function missing(ids: readonly string[], found: readonly { id: string }[]): readonly string[] {
  const present = new Set(found.map(({ id }) => id));
  return ids.filter(id => !present.has(id));
}
