/** The error by which the rules of webhooks refuse a request. */

export type WebhookErrorCode =
  | 'payload_url_invalid'
  | 'ssl_verification_invalid'
  | 'ca_certificate_invalid'
  | 'headers_invalid'
  | 'domain_invalid'
  | 'format_invalid'
  | 'batch_invalid'
  | 'filter_invalid'
  | 'filter_conflict';

/** A value that cannot be used. */
export interface WebhookFault {
  /** JSON pointer into the request: `/filters/0/value`. */
  readonly path: string;
  readonly message: string;
  /** Place in an expression, counted from 1. */
  readonly line?: number;
  readonly column?: number;
}

/**
 * A rule forbids the webhook that a request asks for. The API answers with `code`, which never changes, the message, which
 * is for people, and the faults; nothing has been changed.
 */
export class WebhookError extends Error {
  override readonly name = 'WebhookError';
  readonly code: WebhookErrorCode;
  readonly faults: readonly WebhookFault[];

  constructor(code: WebhookErrorCode, message: string, faults: readonly WebhookFault[] = []) {
    super(message);
    this.code = code;
    this.faults = faults;
  }
}
