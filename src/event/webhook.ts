/** Who wants which events, and how they are sent there. Words and meaning are CloudStack's. */
import type { Batching } from './batching.ts';

export const scopes = ['Local', 'Domain', 'Global'] as const;
export type Scope = (typeof scopes)[number];

export const webhookStates = ['Enabled', 'Disabled'] as const;
export type WebhookState = (typeof webhookStates)[number];

/**
 * How a receiver is asked whether it wants deliveries, before the webhook is enabled: not at all, with a POST that has to
 * be answered 200, or with the OPTIONS request of the CloudEvents WebHook specification.
 */
export const validations = ['none', 'post', 'options'] as const;
export type Validation = (typeof validations)[number];

export const filterModes = ['Include', 'Exclude'] as const;
export const filterMatchTypes = ['Exact', 'Prefix', 'Suffix', 'Contains'] as const;

/** `entity`: of the events of one entity, one at a time and the oldest first. */
export const orderings = ['none', 'entity'] as const;
export type Ordering = (typeof orderings)[number];

/** What a filter looks at: a fact of the envelope, how bad the event is, or what an expression says of all of it. */
export const filterTypes = [
  'EventType',
  'Entity',
  'EntityUuid',
  'Status',
  'Account',
  'Source',
  'Severity',
  'Expression',
] as const;
export type FilterType = (typeof filterTypes)[number];

/** A condition on events; texts are compared case-sensitively. How several combine: `match/conditions.ts`. */
export interface WebhookFilter {
  /** Absent means `EventType`, which is all that CloudStack knows. */
  readonly type?: FilterType;
  readonly mode: (typeof filterModes)[number];
  /** Says nothing of an `Expression`. */
  readonly matchType: (typeof filterMatchTypes)[number];
  /** What is compared with the fact; or the expression (`match/expression/expression.ts`). */
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
