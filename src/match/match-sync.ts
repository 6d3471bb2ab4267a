/**
 * Keeps the match index in step with the tables, by the log of their changes.
 *
 * The log is read when a notification tells of a change, each second where notifications do not arrive and from time to time
 * where they do, and whenever this process has made a change itself. The rows that it names are read and brought to the
 * index. When the connection for notifications broke, when a table was emptied, and every `resyncMs` regardless, a new index
 * is loaded and takes the place of the old one; what changes meanwhile is read from the log after.
 */
import type { Log } from '../event/log.ts';
import { delay } from '../event/wait.ts';
import { createChangeReader, type LoggedChange } from '../store/change-log.ts';
import { databaseOf, type Store } from '../store/database.ts';
import { loadIndex, updateIndex } from './load-index.ts';
import type { MatchIndex } from './match-index.ts';
import { Notifications } from './notifications.ts';

export interface MatchSyncOptions {
  readonly store: Store;
  readonly databaseUrl: string;
  readonly resyncMs: number;
  /** A delivery is due now, after a redelivery or a take-over. @param isOld true when its event may be of any day. */
  readonly onDue: (isOld: boolean) => void;
  /** A webhook changed, or may have, and the index knows. */
  readonly onWebhook: () => void;
  /** A setting changed, or may have. Resolves when the new values are in effect. */
  readonly onSetting: () => Promise<void>;
  /** The domain tree changed. */
  readonly onTree: () => void;
  /** The health of a webhook changed; without an id, that of any may have. */
  readonly onHealth: (webhookId?: string) => void;
  /** The database has disabled webhooks, or may have. */
  readonly onDisabled: () => void;
  readonly log: Log;
}

/** Changes made within this time are read together. */
const gatherMs = 20;
const retryMs = 1_000;
/** Time between two readings where no notification asks for one: where they do not arrive, and where they do. */
const pollMs = { unheard: 1_000, heard: 60_000 };

export class MatchSync {
  readonly #options: MatchSyncOptions;
  readonly #read = createChangeReader();
  readonly #notifications: Notifications;
  #index!: MatchIndex;
  #isStale = true;
  #staleAtMs = 0;
  #wakeUp = new AbortController();
  /** The reading under way, and the one that begins after it. */
  #reading: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  private constructor(options: MatchSyncOptions) {
    this.#options = options;
    this.#notifications = new Notifications({
      ...options,
      onConnected: () => {
        this.#isStale = true;
        this.#wakeUp.abort();
      },
      onChange: () => this.#wakeUp.abort(),
    });
  }

  /** Loads the first index. @throws when the database cannot be read. */
  static async open(options: MatchSyncOptions): Promise<MatchSync> {
    const sync = new MatchSync(options);
    await sync.#load();
    return sync;
  }

  /** The index of this moment. Do not keep it: it gets replaced. */
  get index(): MatchIndex {
    return this.#index;
  }

  /** Whether PostgreSQL's notifications arrive; undefined until that is known. Without them changes are polled for. */
  get hearsNotifications(): boolean | undefined {
    return this.#notifications.areHeard;
  }

  /**
   * Resolves when the index knows every change that was committed before this call. Does not fail: when the database is
   * away, the index follows once it is back.
   */
  async catchUp(): Promise<void> {
    this.#next ??= this.#reading.then(async () => {
      this.#next = undefined;
      this.#reading = this.#update();
      return this.#reading;
    });
    return this.#next;
  }

  /** Follows the tables until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#notifications.run(signal), this.#follow(signal)]);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const restMs = this.hearsNotifications === true ? pollMs.heard : pollMs.unheard;
      const untilResyncMs = Math.max(0, this.#staleAtMs - performance.now());
      await delay(Math.min(restMs, untilResyncMs), AbortSignal.any([signal, this.#wakeUp.signal]));
      await delay(gatherMs, signal);
      if (signal.aborted) return;
      this.#wakeUp = new AbortController();
      await this.catchUp();
      if (this.#isStale) await delay(retryMs, signal);
    }
  }

  async #update(): Promise<void> {
    try {
      if (this.#isStale || performance.now() >= this.#staleAtMs) await this.#reload();
      else await this.#apply(await this.#read(databaseOf(this.#options.store)));
    } catch (error) {
      this.#isStale = true;
      this.#wakeUp.abort();
      this.#options.log.warn({ err: error }, 'match.sync_failed');
    }
  }

  async #reload(): Promise<void> {
    await this.#load();
    this.#options.onWebhook();
    this.#options.onHealth();
    this.#options.onDisabled();
    await this.#options.onSetting();
  }

  /** Loads everything anew. What the log told before is part of it; what it tells from now on is applied after. */
  async #load(): Promise<void> {
    const { store, resyncMs } = this.#options;
    this.#isStale = false;
    await this.#read(databaseOf(store));
    this.#index = await loadIndex(store);
    this.#staleAtMs = performance.now() + resyncMs;
  }

  async #apply(changes: readonly LoggedChange[]): Promise<void> {
    const has = (kind: LoggedChange['kind']): boolean =>
      changes.some(change => change.kind === kind);
    if (has('all')) return this.#reload();
    await updateIndex(this.#options.store, this.#index, changes);
    if (has('webhook')) this.#options.onWebhook();
    if (has('setting')) await this.#options.onSetting();
    if (has('domain')) this.#options.onTree();
    if (has('disabled')) this.#options.onDisabled();
    for (const { kind, key } of changes) if (kind === 'health') this.#options.onHealth(key);
  }
}
