/** A webhook in memory: who wants which events, and how they are sent there. */
import type { Validation } from '../format/format.ts';
import type { Batching } from './batching.ts';
import type {
  filterMatchTypes,
  filterModes,
  FilterType,
  Ordering,
  Scope,
  WebhookState,
} from './words.ts';

/** A condition on events; texts are compared case-sensitively. How several combine: `match/conditions.ts`. */
export interface WebhookFilter {
  /** Absent means `EventType`, which is all that CloudStack knows. */
  readonly type?: FilterType;
  readonly mode: (typeof filterModes)[number];
  /** Says nothing of an `Expression`. */
  readonly matchType: (typeof filterMatchTypes)[number];
  /** What is compared with the fact; or the expression (`expression/expression.ts`). */
  readonly value: string;
}

/** A webhook as matching and dispatch see it: an immutable snapshot of its rows. */
export interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly state: WebhookState;
  /** Its owner is gone from the cloud; then it is taken to be Disabled, whatever it is set to. */
  readonly ownerGone?: true;
  readonly scope: Scope;
  /** The owner. */
  readonly accountId: string;
  /** Scope `Domain` covers this domain and all below it. */
  readonly domainId: string;
  readonly payloadUrl: string;
  readonly sslVerification: boolean;
  /** PEM of the authority, or authorities, that the receiver's certificate must come from; absent means the usual ones. */
  readonly caCertificate?: string;
  /** Sent beside our own, which they cannot replace (format/own-header.ts). */
  readonly headers?: Readonly<Record<string, string>>;
  /** What its requests look like: a name of `format/formats.ts`. */
  readonly format: string;
  /** Fields that a format with a JSON body of its own adds to it; they win. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Under which key the format `cloudpods` repeats its message as text. */
  readonly msgKey?: string;
  /** What the receiver gets in place of the format's own words. */
  readonly template?: string;
  /** Absent leaves it to the format. */
  readonly validation?: Validation;
  /** `["ActionEvent"]` by default, `["*"]` for all. An event without a category always passes. */
  readonly categories: readonly string[];
  readonly filters: readonly WebhookFilter[];
  /** Attempts in all, the first one included; absent means the configured default. */
  readonly tries?: number;
  /** Total deadline of one attempt; absent means the configured default. */
  readonly timeoutMs?: number;
  /** Requests in flight at most; absent leaves it to the pool's fairness. */
  readonly concurrencyMax?: number;
  /** Requests begun in a second at most, by each process that delivers; absent means no such limit. */
  readonly ratePerSecondMax?: number;
  readonly ordering: Ordering;
  /** Absent: one event a request. */
  readonly batch?: Batching;
  /** What its deliveries are signed with, the newest first. */
  readonly secrets?: readonly WebhookSecret[];
}

export interface WebhookSecret {
  /** AES-256-GCM under the operator's key; opened only to sign. */
  readonly sealed: Uint8Array;
  /** Milliseconds since 1970, of one that was replaced; the current one has none. */
  readonly expiresAtMs?: number;
}
