/**
 * What a webhook may be, beyond the shape of its fields. Rules and words are CloudStack's where it has them; pure.
 *
 * Source: reference "CloudStack" section 1.3 (createWebhook, updateWebhook, WebhookUrlValidator).
 */
import { readBatching, type Batching } from '../../webhook/batching.ts';
import type { WebhookFilter } from '../../webhook/webhook.ts';
import type { Ordering, Scope, WebhookState } from '../../webhook/words.ts';
import type { Validation } from '../../format/format.ts';
import { defaultFormat } from '../../format/formats.ts';
import { hiddenValue, keepHidden, refuseOwnHeaders } from '../../format/own-header.ts';
import type { Role } from '../../store/schema/access.ts';
import type { AccountFacts } from '../../store/directory/query-directory.ts';
import type { WebhookValues } from '../../store/webhook/query-webhook.ts';
import { refuseCaCertificate } from './ca-certificate.ts';
import { ProblemError } from '../http/problem.ts';

/** What a request wants changed; null takes a value away. */
export interface WebhookChange {
  readonly name?: string;
  readonly description?: string | null;
  readonly state?: WebhookState;
  readonly scope?: Scope;
  readonly domainId?: string;
  readonly payloadUrl?: string;
  readonly sslVerification?: boolean;
  readonly caCertificate?: string | null;
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly format?: string;
  readonly body?: Readonly<Record<string, unknown>> | null;
  readonly msgKey?: string | null;
  readonly template?: string | null;
  readonly validation?: Validation | null;
  readonly categories?: readonly string[];
  readonly tries?: number | null;
  readonly timeoutMs?: number | null;
  readonly concurrencyMax?: number | null;
  readonly ratePerSecondMax?: number | null;
  readonly ordering?: Ordering;
  readonly batch?: Partial<Batching> | null;
}

export type ChangeBody = WebhookChange & { readonly secretKey?: string | null };
export type NewBody = ChangeBody & {
  readonly name: string;
  readonly payloadUrl: string;
  readonly accountId?: string;
  readonly filters?: readonly WebhookFilter[];
};

type NewWebhook = WebhookChange & Required<Pick<WebhookChange, 'name' | 'payloadUrl'>>;

/**
 * @throws {ProblemError} as `planWebhookChange`.
 */
export function planNewWebhook(owner: AccountFacts, change: NewWebhook): WebhookValues {
  const payloadUrl = normalizePayloadUrl(change.payloadUrl);
  const bare: WebhookValues = {
    name: change.name,
    description: null,
    state: 'Enabled',
    scope: 'Local',
    accountId: owner.id,
    domainId: owner.domainId,
    payloadUrl,
    sslVerification: isHttps(payloadUrl),
    caCertificate: null,
    headers: null,
    format: defaultFormat,
    body: null,
    msgKey: null,
    template: null,
    validation: null,
    categories: ['ActionEvent'],
    tries: null,
    timeoutMs: null,
    concurrencyMax: null,
    ratePerSecondMax: null,
    ordering: 'none',
    batch: null,
  };
  return planWebhookChange(owner, bare, change);
}

/**
 * @throws {ProblemError} payload_url_invalid, ssl_verification_invalid, domain_invalid, ca_certificate_invalid,
 *   headers_invalid.
 */
export function planWebhookChange(
  owner: AccountFacts,
  current: WebhookValues,
  change: WebhookChange,
): WebhookValues {
  const { domainId: _domain, payloadUrl: _url, sslVerification: _verify, batch, ...plain } = change;
  const payloadUrl =
    change.payloadUrl === undefined ? current.payloadUrl : normalizePayloadUrl(change.payloadUrl);
  return {
    ...current,
    ...plain,
    ...(batch !== undefined && { batch: batch && readBatching(batch) }),
    ...(change.caCertificate && { caCertificate: planCaCertificate(change.caCertificate) }),
    ...(change.headers && { headers: planHeaders(change.headers, current.headers ?? {}) }),
    payloadUrl,
    sslVerification: planVerification(current, payloadUrl, change.sslVerification),
    domainId: planDomain(owner, current, change),
  };
}

/** CloudStack's rule: Global is for root admins, Domain for admins of a domain as well, Local for everybody. */
export function maySpecify(role: Role, scope: Scope): boolean {
  return role === 'Admin' || scope === 'Local' || (scope === 'Domain' && role === 'DomainAdmin');
}

/**
 * The URL as it is stored and requested. Without a scheme it is taken to be http, as CloudStack does.
 *
 * @throws {ProblemError} payload_url_invalid
 */
export function normalizePayloadUrl(given: string): string {
  const text = given.trim();
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.parse(full);
  if (url === null) throw new ProblemError('payload_url_invalid', `Invalid URL: ${given}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ProblemError('payload_url_invalid', `Unsupported scheme for url: ${given}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new ProblemError(
      'payload_url_invalid',
      'Invalid URL: a user or password in it would be stored and shown in clear; use secretKey to sign',
    );
  }
  return full;
}

function planVerification(current: WebhookValues, payloadUrl: string, wanted?: boolean): boolean {
  const https = isHttps(payloadUrl);
  if (wanted === true && !https) {
    throw new ProblemError(
      'ssl_verification_invalid',
      `SSL verification can be specified only for HTTPS URLs, ${payloadUrl}`,
    );
  }
  // A move from http to https turns it on, the way back off; only a wish to have it off is remembered.
  return wanted ?? (https && (current.sslVerification || !isHttps(current.payloadUrl)));
}

function planCaCertificate(given: string): string {
  const refusal = refuseCaCertificate(given);
  if (refusal === undefined) return given;
  throw new ProblemError('ca_certificate_invalid', `caCertificate ${refusal}.`);
}

function planHeaders(
  wanted: Readonly<Record<string, string>>,
  current: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const kept = keepHidden(wanted, current);
  if ('missing' in kept) {
    throw new ProblemError(
      'headers_invalid',
      `headers: ${kept.missing} has no value yet that ${hiddenValue} could stand for.`,
    );
  }
  const refusal = refuseOwnHeaders(kept.headers);
  if (refusal === undefined) return kept.headers;
  throw new ProblemError('headers_invalid', `headers: ${refusal}.`);
}

function planDomain(owner: AccountFacts, current: WebhookValues, change: WebhookChange): string {
  const scope = change.scope ?? current.scope;
  if (scope === 'Domain') {
    return change.domainId ?? (current.scope === 'Domain' ? current.domainId : owner.domainId);
  }
  if (change.domainId !== undefined && change.domainId !== owner.domainId) {
    throw new ProblemError(
      'domain_invalid',
      `domainId can be specified only with scope Domain; with scope ${scope} it is the owner's`,
    );
  }
  return owner.domainId;
}

const isHttps = (url: string): boolean => /^https:/i.test(url);
