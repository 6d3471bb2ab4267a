/**
 * Rules of a webhook beyond the shape of its fields. Rules and error texts are CloudStack's where it has them; pure.
 *
 * Source: reference "CloudStack" section 1.3 (createWebhook, updateWebhook, WebhookUrlValidator).
 */
import { hiddenValue, keepHidden, refuseOwnHeaders } from '../format/own-header.ts';
import { refuseCaCertificate } from './ca-certificate.ts';
import { initialValues } from './values.ts';
import type { WebhookChange, WebhookValues, WebhookWish } from './values.ts';
import { WebhookError } from './webhook-error.ts';

/** The account that a webhook belongs to. */
export interface Owner {
  readonly id: string;
  readonly domainId: string;
}

/**
 * The values of a new webhook.
 *
 * @param nowMs milliseconds since 1970: certificates expire.
 * @throws {WebhookError} as `planWebhookChange`.
 */
export function planNewWebhook(owner: Owner, wish: WebhookWish, nowMs: number): WebhookValues {
  const { name, payloadUrl } = wish;
  const { id: accountId, domainId } = owner;
  const bare = {
    ...initialValues,
    name,
    payloadUrl: normalizePayloadUrl(payloadUrl),
    accountId,
    domainId,
  };
  return planWebhookChange(owner, bare, wish, nowMs);
}

/**
 * The values of a webhook after a change.
 *
 * @param nowMs milliseconds since 1970: certificates expire.
 * @throws {WebhookError} payload_url_invalid, ssl_verification_invalid, domain_invalid, ca_certificate_invalid,
 *   headers_invalid.
 */
export function planWebhookChange(
  owner: Owner,
  current: WebhookValues,
  change: WebhookChange,
  nowMs: number,
): WebhookValues {
  const { caCertificate, headers } = change;
  const payloadUrl =
    change.payloadUrl === undefined ? current.payloadUrl : normalizePayloadUrl(change.payloadUrl);
  return {
    ...current,
    ...definedOf(change),
    ...(caCertificate && { caCertificate: planCaCertificate(caCertificate, nowMs) }),
    ...(headers && { headers: planHeaders(headers, current.headers ?? {}) }),
    payloadUrl,
    sslVerification: planVerification(current, payloadUrl, change.sslVerification),
    domainId: planDomain(owner, current, change),
  };
}

/** The change without undefined values, which would override the present ones. */
function definedOf(change: WebhookChange): WebhookChange;
function definedOf(change: object): object {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

/**
 * The URL as it is stored and requested; http when it has no scheme, as in CloudStack.
 *
 * @throws {WebhookError} payload_url_invalid
 */
export function normalizePayloadUrl(given: string): string {
  const text = given.trim();
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.parse(full);
  if (url === null) throw new WebhookError('payload_url_invalid', `Invalid URL: ${given}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new WebhookError('payload_url_invalid', `Unsupported scheme for url: ${given}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new WebhookError(
      'payload_url_invalid',
      'Invalid URL: a user or password in it would be stored and shown in clear; use secretKey to sign',
    );
  }
  return full;
}

function planVerification(current: WebhookValues, payloadUrl: string, wanted?: boolean): boolean {
  const https = isHttps(payloadUrl);
  if (wanted === true && !https) {
    throw new WebhookError(
      'ssl_verification_invalid',
      `SSL verification can be specified only for HTTPS URLs, ${payloadUrl}`,
    );
  }
  // A change from http to https turns it on, and back off; only an explicit false outlasts such a change.
  return wanted ?? (https && (current.sslVerification || !isHttps(current.payloadUrl)));
}

function planCaCertificate(given: string, nowMs: number): string {
  const refusal = refuseCaCertificate(given, nowMs);
  if (refusal === undefined) return given;
  throw new WebhookError('ca_certificate_invalid', `caCertificate ${refusal}.`);
}

function planHeaders(
  wanted: Readonly<Record<string, string>>,
  current: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const kept = keepHidden(wanted, current);
  if ('missing' in kept) {
    throw new WebhookError(
      'headers_invalid',
      `headers: ${kept.missing} has no value yet that ${hiddenValue} could stand for.`,
    );
  }
  const refusal = refuseOwnHeaders(kept.headers);
  if (refusal === undefined) return kept.headers;
  throw new WebhookError('headers_invalid', `headers: ${refusal}.`);
}

function planDomain(owner: Owner, current: WebhookValues, change: WebhookChange): string {
  const scope = change.scope ?? current.scope;
  if (scope === 'Domain') {
    return change.domainId ?? (current.scope === 'Domain' ? current.domainId : owner.domainId);
  }
  if (change.domainId !== undefined && change.domainId !== owner.domainId) {
    throw new WebhookError(
      'domain_invalid',
      `domainId can be specified only with scope Domain; with scope ${scope} it is the owner's`,
    );
  }
  return owner.domainId;
}

const isHttps = (url: string): boolean => /^https:/i.test(url);
