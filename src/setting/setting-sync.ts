/**
 * The settings in this process. They are read again whenever the table changed. The values for a webhook are resolved once
 * per snapshot of it, so that a delivery finds them in constant time.
 */
import type { Log } from '../event/log.ts';
import type { Webhook } from '../webhook/webhook.ts';
import type { RetryPolicy } from '../outcome/backoff.ts';
import type { SettingDefaults, SettingName, SettingValue } from './definition.ts';
import { chainOf, createSettingIndex } from './resolve.ts';
import type { SettingIndex } from './resolve.ts';
import type { BackoffSchedule } from './schedule.ts';
import { databaseOf, type Store } from '../store/database.ts';
import { loadSettings } from '../store/setting.ts';

/** The effective values for one webhook. */
export interface DeliverySettings {
  readonly tries: number;
  readonly timeoutMs: number;
  readonly backoff: RetryPolicy;
  /** What attempts cost that nobody answers. */
  readonly outage: 'hold' | 'fail';
  /** A webhook that failed for so long is disabled; Infinity disables none. */
  readonly disableAfterMs: number;
}

export interface SettingSyncOptions {
  readonly store: Store;
  readonly defaults: SettingDefaults;
  /** Longest time limit of an attempt, whatever is set. */
  readonly timeoutMsMax: number;
  /** Longest wait in milliseconds that a receiver may request. */
  readonly waitMsMax: number;
  /** Lists a domain and all domains above it, nearest first. */
  readonly pathOf: (domainId: string) => readonly string[];
  readonly log: Log;
}

export class SettingSync {
  readonly #options: SettingSyncOptions;
  #index: SettingIndex;
  #ofWebhook = new WeakMap<Webhook, DeliverySettings>();
  #privateRangesOfDomain = new Map<string, readonly string[]>();
  #reading: Promise<void> | undefined;
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

  /** Calls back now, and whenever effective values may have changed. */
  watch(onChange: () => void): void {
    this.#onChange = onChange;
    onChange();
  }

  /** The effective values for a webhook. */
  of(webhook: Webhook): DeliverySettings {
    let known = this.#ofWebhook.get(webhook);
    if (!known) this.#ofWebhook.set(webhook, (known = this.#resolve(webhook)));
    return known;
  }

  /** Private ranges that webhooks of the domain's accounts may deliver to; the same array until a setting changes. */
  privateRangesOf(domainId: string): readonly string[] {
    let known = this.#privateRangesOfDomain.get(domainId);
    if (!known)
      this.#privateRangesOfDomain.set(domainId, (known = this.#resolvePrivateRanges(domainId)));
    return known;
  }

  /** The effective number, in the setting's own unit, for a webhook or for the whole installation. */
  number(name: SettingName, webhook?: Webhook): number {
    const value = this.#effective(name, webhook);
    if (typeof value !== 'number') throw new RangeError(`${name} is not a number`);
    return value;
  }

  /** Reads the table again, because it changed or may have. Resolves when its values are in effect. */
  async reload(): Promise<void> {
    this.#isStale = true;
    this.#reading ??= this.#readUntilFresh();
    await this.#reading;
  }

  /** Drops resolved values, because the settings or the domain tree changed. */
  forget(): void {
    this.#ofWebhook = new WeakMap();
    this.#privateRangesOfDomain.clear();
    this.#onChange?.();
  }

  async #readUntilFresh(): Promise<void> {
    try {
      while (this.#isStale) await this.#read();
    } catch (error) {
      // The values read last stay in effect; the next resync reads again.
      this.#options.log.warn({ err: error }, 'settings.not_read');
    } finally {
      this.#reading = undefined;
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
    if (typeof value !== 'object' || 'kind' in value) throw new RangeError('ranges are a list');
    return value;
  }

  #resolve(webhook: Webhook): DeliverySettings {
    const backoff = this.#effective('webhook.delivery.backoff', webhook);
    if (typeof backoff !== 'object' || !('kind' in backoff)) {
      throw new RangeError('back-off is a schedule');
    }
    return {
      tries: webhook.tries ?? this.number('webhook.delivery.tries', webhook),
      timeoutMs: Math.min(
        webhook.timeoutMs ?? Math.round(this.number('webhook.delivery.timeout', webhook) * 1_000),
        this.#options.timeoutMsMax,
      ),
      backoff: toPolicy(backoff, this.#options.waitMsMax),
      outage: this.#effective('webhook.delivery.outage', webhook) === 'fail' ? 'fail' : 'hold',
      disableAfterMs: this.number('webhook.failing.disable.after', webhook) * 1_000 || Infinity,
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
