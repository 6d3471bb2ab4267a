/**
 * The settings as this process follows them. They are read again whenever the table says that it changed; what holds for
 * a webhook is looked up once for each snapshot of it, so that a delivery asks in constant time.
 */
import type { Config } from '../config/config.ts';
import type { Log } from '../event/log.ts';
import type { Webhook } from '../webhook/webhook.ts';
import type { RetryPolicy } from '../outcome/backoff.ts';
import type { SettingName, SettingValue } from './definition.ts';
import { chainOf, createSettingIndex } from './resolve.ts';
import type { SettingDefaults, SettingIndex } from './resolve.ts';
import type { BackoffSchedule } from './schedule.ts';
import { databaseOf, type Store } from '../store/database.ts';
import { loadSettings } from '../store/setting.ts';

/** What holds for one webhook. */
export interface DeliverySettings {
  readonly tries: number;
  readonly timeoutMs: number;
  readonly backoff: RetryPolicy;
}

export interface SettingSyncOptions {
  readonly store: Store;
  readonly defaults: SettingDefaults;
  /** Longest wait a receiver may ask for. */
  readonly waitMsMax: number;
  /** A domain and all above it, nearest first. */
  readonly pathOf: (domainId: string) => readonly string[];
  readonly log: Log;
}

export class SettingSync {
  readonly #options: SettingSyncOptions;
  #index: SettingIndex;
  #ofWebhook = new WeakMap<Webhook, DeliverySettings>();
  #privateRangesOfDomain = new Map<string, readonly string[]>();
  #isReading = false;
  #isStale = false;
  #onChange: (() => void) | undefined;

  private constructor(options: SettingSyncOptions, index: SettingIndex) {
    this.#options = options;
    this.#index = index;
  }

  /** @throws when the database cannot be read. */
  static async open(options: SettingSyncOptions): Promise<SettingSync> {
    const sync = new SettingSync(options, createSettingIndex([], options.defaults));
    await sync.#read();
    return sync;
  }

  /** Calls back whenever anything may hold that did not before, and once now. */
  watch(onChange: () => void): void {
    this.#onChange = onChange;
    onChange();
  }

  of(webhook: Webhook): DeliverySettings {
    let known = this.#ofWebhook.get(webhook);
    if (!known) this.#ofWebhook.set(webhook, (known = this.#resolve(webhook)));
    return known;
  }

  /** The private ranges that webhooks of the domain's accounts may deliver to; the same array until a setting changes. */
  privateRangesOf(domainId: string): readonly string[] {
    let known = this.#privateRangesOfDomain.get(domainId);
    if (!known)
      this.#privateRangesOfDomain.set(domainId, (known = this.#resolvePrivateRanges(domainId)));
    return known;
  }

  /** A setting of the whole installation that is a number, as it is written. */
  number(name: SettingName, webhook?: Webhook): number {
    const value = this.#effective(name, webhook);
    if (typeof value !== 'number') throw new RangeError(`${name} is not a number`);
    return value;
  }

  /** The table changed, or may have. */
  reload(): void {
    this.#isStale = true;
    if (!this.#isReading) void this.#readUntilFresh();
  }

  /** The tree changed: what was looked up may hold no longer. */
  forget(): void {
    this.#ofWebhook = new WeakMap();
    this.#privateRangesOfDomain.clear();
    this.#onChange?.();
  }

  async #readUntilFresh(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#isStale) await this.#read();
    } catch (error) {
      // What was read last goes on holding; the next resync reads again.
      this.#options.log.warn({ err: error }, 'settings.not_read');
    } finally {
      this.#isReading = false;
    }
  }

  async #read(): Promise<void> {
    const { store, defaults, log } = this.#options;
    this.#isStale = false;
    this.#index = createSettingIndex(await loadSettings(databaseOf(store)), defaults);
    for (const { row, expected } of this.#index.unusable) {
      log.warn({ ...row, expected }, 'setting.unusable');
    }
    this.forget();
  }

  #effective(name: SettingName, webhook?: Webhook): SettingValue {
    const path = webhook ? this.#options.pathOf(webhook.domainId) : [];
    return this.#index.effective(name, chainOf(path, webhook?.id)).value;
  }

  #resolvePrivateRanges(domainId: string): readonly string[] {
    const chain = chainOf(this.#options.pathOf(domainId));
    const { value } = this.#index.effective('webhook.egress.private.ranges', chain);
    if (typeof value === 'number' || 'kind' in value) throw new RangeError('ranges are a list');
    return value;
  }

  #resolve(webhook: Webhook): DeliverySettings {
    const backoff = this.#effective('webhook.delivery.backoff', webhook);
    if (typeof backoff === 'number' || !('kind' in backoff)) {
      throw new RangeError('back-off is a schedule');
    }
    return {
      tries: webhook.tries ?? this.number('webhook.delivery.tries', webhook),
      timeoutMs:
        webhook.timeoutMs ?? Math.round(this.number('webhook.delivery.timeout', webhook) * 1_000),
      backoff: toPolicy(backoff, this.#options.waitMsMax),
    };
  }
}

function toPolicy(schedule: BackoffSchedule, waitMsMax: number): RetryPolicy {
  switch (schedule.kind) {
    case 'doubling':
      return { baseMs: schedule.baseMs, capMs: schedule.capMs, waitMsMax };
    case 'steps': {
      const { stepsMs } = schedule;
      const longest = Math.max(...stepsMs);
      return { baseMs: stepsMs[0] ?? longest, capMs: longest, stepsMs, waitMsMax };
    }
  }
}

/** The bottom of the hierarchy. CloudStack has no word for a limit by count but its own; 1000 is ours. */
export function settingDefaults({ dispatch }: Config): SettingDefaults {
  const { tries, timeoutMs, concurrency, backoff } = dispatch;
  return {
    'webhook.delivery.tries': String(tries),
    'webhook.delivery.timeout': inSeconds(timeoutMs),
    'webhook.delivery.backoff': `${inSeconds(Math.min(backoff.baseMs, backoff.capMs))}-${inSeconds(backoff.capMs)}`,
    'webhook.deliveries.limit': '1000',
    'webhook.deliveries.cleanup.interval': '3600',
    'webhook.deliveries.cleanup.initial.delay': '180',
    'webhook.delivery.thread.pool.size': String(concurrency),
    'webhook.egress.private.ranges': 'none',
  };
}

const inSeconds = (ms: number): string => String(ms / 1_000);
