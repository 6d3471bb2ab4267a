/** What each file of routes provides to the API, and the dependencies it gets. */
import type { Static } from 'typebox';

import type { TSchema } from 'typebox';

import type { OidcLogin } from '../access/oidc/oidc-login.ts';
import type { Log } from '../event/log.ts';
import type { ConsoleOptions } from '../console/serve-console.ts';
import type { RefusedItem } from '../event/message.ts';
import type { Turns } from '../event/turns.ts';
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

/** The routes of one kind of resource. */
export interface RouteGroup {
  /** Schemas that requests and answers refer to by their `$id`. */
  readonly schemas: readonly TSchema[];
  readonly register: (app: Routes, options: ApiOptions) => void;
}

export interface ApiOptions {
  readonly store: Store;
  /** Resolves when changes that were committed before are in effect in this process. Does not fail. */
  readonly catchUp: () => Promise<void>;
  /** Whether PostgreSQL's notifications reach this process; undefined until that is known. */
  readonly hearsNotifications: () => boolean | undefined;
  /** The connections on which events are recorded, for what must not wait behind people's requests. */
  readonly recordingStore: Store;
  /** Maximum number of requests that read the store at a time: fewer than it has connections, so that changes have some. */
  readonly readsMax: number;
  /** Key of 32 bytes that seals secrets. */
  readonly secretKey: Buffer;
  /** Keys that stored secrets may be sealed with, the current one first. */
  readonly secretKeys: readonly [Buffer, ...Buffer[]];
  /** The sources this process runs; none where it runs no intake. */
  readonly sources: () => readonly SourceControl[];
  /** Those of the sources that receive messages by HTTP POST. */
  readonly intakes: () => readonly Intake[];
  /** Name of the source behind `POST /v1/events`. */
  readonly ownIntake: string;
  readonly metrics: MetricsPage;
  readonly formats: Formats;
  /** Turns of accounts at having templates tried and previewed. */
  readonly previews: Turns;
  /** Makes a test delivery from this process. */
  readonly testDelivery: TestDeliveryControl;
  /** Asks a receiver whether it agrees to deliveries. @returns why not; undefined when it agrees. */
  readonly validate: (
    webhook: Webhook,
    signal: AbortSignal,
  ) => Promise<{ readonly text: string; readonly isBusy: boolean } | undefined>;
  /** Tells whether egress rules close the address that a webhook's URL names, as far as its text says. @returns which rule. */
  readonly judgeUrl: (webhook: Webhook) => Promise<string | undefined>;
  /** Redrives a quarantined message. */
  readonly redrive: RedriveControl;
  /** The host of this process, and whether it dispatches deliveries. */
  readonly self: { readonly host: string; readonly dispatches: boolean };
  /** Values of settings that are set nowhere. */
  readonly settingDefaults: SettingDefaults;
  /** Longest time limit of an attempt that may be set. */
  readonly timeoutMsMax: number;
  /** Addresses and ranges of proxies whose `X-Forwarded-*` headers are trusted. */
  readonly trustedProxies: readonly string[];
  /** Maximum number of connections to the API. */
  readonly connectionsMax: number;
  readonly console: ConsoleOptions;
  /** Absent when no OpenID provider is configured. */
  readonly oidc?: OidcLogin;
  /** Absent when logging in with CloudStack keys is turned off. */
  readonly keyLogin?: KeyLogin;
  readonly log: Log;
  /** UUIDv7, each above the one before. */
  readonly newId: () => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** `randomBytes` of node:crypto. */
  readonly randomBytes: (count: number) => Buffer;
  /** Version of the program, for the OpenAPI document. */
  readonly version: string;
}

/** Login with a CloudStack key pair. */
export interface KeyLogin {
  /** URL of the cloud's API, which identifies its users. */
  readonly issuer: string;
  /** How long a login lasts until the cloud has to confirm it again. */
  readonly trustMs: number;
  /** @returns undefined when the cloud does not accept the pair. @throws {CloudError} */
  readonly identify: (pair: KeyPair, signal: AbortSignal) => Promise<CloudIdentity | undefined>;
}

/** A source as the API sees it. */
export type SourceControl = Pick<Source, 'name' | 'kind' | 'status' | 'pause' | 'resume'>;

/** Makes a test delivery; the result is shown as it is. */
export type TestDeliveryControl = (test: {
  readonly webhook: Webhook;
  /** UUID for the headers; no recorded event has it. */
  readonly eventId: string;
  readonly payload?: string;
  /** Aborts when the client has hung up. */
  readonly signal: AbortSignal;
}) => Promise<TestResult>;

/** What became of it. */
export type TestResult = Omit<Static<typeof testResult>, 'from'>;

/** Redrives a message of the quarantine. @param id of the message. */
export type RedriveControl = (id: string) => Promise<
  | {
      readonly kind: 'recorded';
      readonly eventIds: readonly string[];
      readonly refused: readonly RefusedItem[];
    }
  | { readonly kind: 'quarantined'; readonly reason: string }
  /** The message is not in the quarantine, or no longer. */
  | { readonly kind: 'missing' }
  /** This process has no decoder for its source. */
  | { readonly kind: 'unknown-source'; readonly source: string }
  /** Nothing happened: the intake is full, or the database unreachable. */
  | { readonly kind: 'busy' }
>;

/** A prom-client registry. */
export interface MetricsPage {
  readonly contentType: string;
  metrics(): Promise<string>;
}
