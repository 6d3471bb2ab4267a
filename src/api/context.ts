/** What the routes are handed. */
import type { Log } from '../event/log.ts';
import type { Webhook } from '../event/webhook.ts';
import type { SettingDefaults } from '../setting/resolve.ts';
import type { Store } from '../store/open.ts';

export interface ApiOptions {
  readonly store: Store;
  /** 32 bytes; seals webhooks' secrets. */
  readonly secretKey: Buffer;
  /** All that may have sealed what is stored, that one first. */
  readonly secretKeys: readonly Buffer[];
  /** The sources this process runs; none where it runs no intake. */
  readonly sources: () => readonly SourceControl[];
  readonly metrics: MetricsPage;
  /** Makes a test delivery, by the code and under the policy of the real ones. */
  readonly probe: (test: TestDelivery) => Promise<TestOutcome>;
  /** What holds where nothing is set. */
  readonly settingDefaults: SettingDefaults;
  readonly log: Log;
  /** UUIDv7, each above the one before. */
  readonly newId: () => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** As node:crypto's. */
  readonly randomBytes: (count: number) => Buffer;
  /** Of the program, for the OpenAPI document. */
  readonly version: string;
}

export interface TestDelivery {
  /** Saved or not; who its owner is decides where it may go. */
  readonly webhook: Webhook;
  /** UUID. */
  readonly eventId: string;
  /** CloudStack's default when absent. */
  readonly payload?: string;
}

/** What became of it, as far as the API deals with it. */
export interface TestOutcome {
  readonly diagnosis: { readonly code: string; readonly text: string };
  /** Absent when none could be made of the webhook. */
  readonly request?: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  /** Absent when none came. */
  readonly response?: { readonly body: string };
  /** Absent when nothing was tried. */
  readonly timing?: {
    /** RFC 3339. */
    readonly startedAt: string;
    readonly totalMs: number;
  };
}

/** A source as far as the API deals with it. */
export interface SourceControl {
  readonly name: string;
  readonly kind: string;
  status(): { readonly state: string; readonly reason?: string; readonly lag?: number };
  pause(): void;
  resume(): void;
}

/** A prom-client registry. */
export interface MetricsPage {
  readonly contentType: string;
  metrics(): Promise<string>;
}
