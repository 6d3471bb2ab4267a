/**
 * A webhook as answers show it, and the ETag of its state, so that a client can make a change conditional on the state it
 * has seen.
 *
 * Source: RFC 9110, sections 8.8.3 (ETag), 13.1.1 (If-Match), 13.1.2 (If-None-Match).
 */
import { hash } from 'node:crypto';

import { Type } from 'typebox';

import { schemaOf, text } from '../../event/schema.ts';
import { hideOwnHeaders } from '../../format/own-header.ts';
import type { WebhookRow } from '../../store/webhook/webhook.ts';
import { ProblemError } from './problem.ts';

export interface Preconditions {
  /** The header `If-Match`; undefined when the request has none. */
  readonly ifMatch?: string | undefined;
}

/** Hides the values of the webhook's own headers, which may be secret. */
export function presentWebhook(webhook: WebhookRow): WebhookRow {
  const { headers } = webhook;
  return { ...webhook, headers: headers && hideOwnHeaders(headers) };
}

/**
 * The ETag of a webhook's settings. `updated` covers what answers do not show, such as the secret. Values that change by
 * themselves, such as the health, must not be part of it.
 */
export function etagOf(webhook: WebhookRow): string {
  return `"${hash('sha256', JSON.stringify(presentWebhook(webhook)), 'base64url').slice(0, 22)}"`;
}

/** @throws {ProblemError} precondition_failed */
export function requireMatch(etag: string, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch.trim() === '*' || tagsOf(ifMatch).includes(etag)) return;
  throw new ProblemError(
    'precondition_failed',
    `If-Match does not match the current ETag ${etag}. Read it again before you change it.`,
  );
}

/** Whether the client has this state already. The comparison is weak, because proxies that compress make ETags weak. */
export function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  return (
    ifNoneMatch.trim() === '*' || tagsOf(ifNoneMatch).some(tag => tag.replace(/^W\//, '') === etag)
  );
}

const tagsOf = (header: string): readonly string[] => header.match(/(W\/)?"[^"]*"/g) ?? [];

const descriptions = {
  'if-match': 'The `ETag` that the change is based on; 412 if it is no longer current.',
  'if-none-match': 'The `ETag` that you have; 304 if it is still current.',
};

/** The schema of the headers of a conditional request. */
export const conditional = (name: keyof typeof descriptions) =>
  Type.Object({ [name]: Type.Optional(text({ description: descriptions[name] })) });

export const notModified = schemaOf<undefined>({
  description: 'Not modified.',
  type: 'null',
});
