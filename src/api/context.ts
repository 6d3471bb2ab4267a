/** What files of routes bring to the API, and what they are handed. */
import type { Static } from 'typebox';

import type { TSchema } from 'typebox';

import type { OidcLogin } from '../access/oidc/oidc-login.ts';
import type { Log } from '../event/log.ts';
import type { Formats } from '../format/formats.ts';
import type { Webhook } from '../webhook/webhook.ts';
import type { testResult } from './webhook/schema-test.ts';
import type { SettingDefaults } from '../setting/definition.ts';
import type { Intake } from '../source/intake.ts';
import type { Source } from '../source/source.ts';
import type { Routes } from './http/schema.ts';
import type { Store } from '../store/database.ts';
import type { CloudIdentity } from '../directory/cloudstack/cloudstack-identity.ts';
import type { KeyPair } from '../directory/cloudstack/cloudstack-sign.ts';

/** The routes of one kind of thing. */
export interface RouteGroup {
  /** Those that requests and answers refer to by their `$id`. */
  readonly schemas: readonly TSchema[];
  readonly register: (app: Routes, options: ApiOptions) => void;
}

export interface ApiOptions {
  readonly store: Store;
  /** 32 bytes; seals secrets. */
  readonly secretKey: Buffer;
  /** Those that may have sealed what is stored, the present one first. */
  readonly secretKeys: readonly [Buffer, ...Buffer[]];
  /** The sources this process runs; none where it runs no intake. */
  readonly sources: () => readonly SourceControl[];
  /** Those of them that are posted to. */
  readonly intakes: () => readonly Intake[];
  /** The one behind `POST /v1/events`. */
  readonly ownIntake: string;
  readonly metrics: MetricsPage;
  readonly formats: Formats;
  /** Makes a test delivery, from this process. */
  readonly testDelivery: TestDeliveryControl;
  /** Asks a receiver whether it wants deliveries. @returns why it is not to get any. */
  readonly validate: (webhook: Webhook) => Promise<string | undefined>;
  /** Reads a message of the quarantine again. */
  readonly redrive: RedriveControl;
  /** What this process is. */
  readonly self: { readonly host: string; readonly dispatches: boolean };
  /** The value where nothing is set. */
  readonly settingDefaults: SettingDefaults;
  /** Addresses and ranges of proxies whose forwarded headers are believed. */
  readonly trustedProxies: readonly string[];
  /** Absent: people log in by password alone. */
  readonly oidc?: OidcLogin;
  /** Absent: the cloud's keys do not log in here. */
  readonly keyLogin?: KeyLogin;
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

/** Logging in with a CloudStack key pair. */
export interface KeyLogin {
  /** URL of the cloud's API: whose users they are. */
  readonly issuer: string;
  /** How long the cloud's word is good. */
  readonly trustMs: number;
  /** Undefined when the cloud does not take the pair. @throws {CloudError} */
  readonly identify: (pair: KeyPair, signal: AbortSignal) => Promise<CloudIdentity | undefined>;
}

/** A source as the API sees it. */
export type SourceControl = Pick<Source, 'name' | 'kind' | 'status' | 'pause' | 'resume'>;

/** A test delivery as far as the API deals with it: what it answers is shown as it is. */
export type TestDeliveryControl = (test: {
  readonly webhook: Webhook;
  /** UUID, for the headers; no event has it. */
  readonly eventId: string;
  readonly payload?: string;
}) => Promise<TestOutcome>;

/** What became of it. */
export type TestOutcome = Omit<Static<typeof testResult>, 'from'>;

/** Reading a message of the quarantine again, as far as the API deals with it. */
export type RedriveControl = (id: string) => Promise<
  | { readonly kind: 'recorded'; readonly eventIds: readonly string[] }
  | { readonly kind: 'quarantined'; readonly reason: string }
  /** It is not in the quarantine, or not any more. */
  | { readonly kind: 'missing' }
  /** This process has no decoder for its source. */
  | { readonly kind: 'unknown-source'; readonly source: string }
  /** Nothing happened: intake is full, or the database away. */
  | { readonly kind: 'busy' }
>;

/** A prom-client registry. */
export interface MetricsPage {
  readonly contentType: string;
  metrics(): Promise<string>;
}
