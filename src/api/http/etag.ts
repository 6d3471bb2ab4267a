/**
 * A webhook as answers show it, and the tag that tells two states of it apart, so that who changes it can say which
 * state they mean.
 *
 * Source: RFC 9110, sections 8.8.3 (ETag), 13.1.1 (If-Match), 13.1.2 (If-None-Match).
 */
import { hash } from 'node:crypto';

import { Type } from 'typebox';

import { schemaOf, text } from '../../event/schema.ts';
import { hideOwnHeaders } from '../../format/own-header.ts';
import type { WebhookRow } from '../../store/webhook/webhook.ts';
import { ProblemError } from './problem.ts';

export interface Conditions {
  /** The header `If-Match`; undefined when the request has none. */
  readonly ifMatch?: string | undefined;
}

/** Whoever may look at a webhook need not know what its headers say. */
export function presentWebhook(webhook: WebhookRow): WebhookRow {
  const { headers } = webhook;
  return { ...webhook, headers: headers && hideOwnHeaders(headers) };
}

/**
 * Of what the webhook is set to: `updated` stands for what is not shown, such as its secret. What changes by itself
 * must not be in it.
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

/** Whether the asker has this state already. Weak comparison: proxies that compress mark tags as weak. */
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

/** The schema of a request's headers. */
export const conditional = (name: keyof typeof descriptions) =>
  Type.Object({ [name]: Type.Optional(text({ description: descriptions[name] })) });

export const notModified = schemaOf<undefined>({
  description: 'Not modified.',
  type: 'null',
});
