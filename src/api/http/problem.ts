/** Error answers of the API: problem details (RFC 9457) with a stable code. */
import { Type } from 'typebox';
import type { Static } from 'typebox';

import { arrayOf, schemaOf, text, whole } from '../../event/schema.ts';

/** All error codes of the API with their status and title. Codes are public and never change. */
export const problemKinds = {
  request_invalid: { status: 400, title: 'The request is invalid' },
  cursor_invalid: { status: 400, title: 'The cursor does not belong to this list' },
  payload_url_invalid: { status: 400, title: 'The payload URL cannot be used' },
  ssl_verification_invalid: { status: 400, title: 'SSL verification needs an HTTPS URL' },
  ca_certificate_invalid: { status: 400, title: 'The CA certificate cannot be used' },
  batch_invalid: { status: 400, title: 'The format does not support batches' },
  format_invalid: { status: 400, title: 'The format cannot be used this way' },
  receiver_not_validated: { status: 422, title: 'The receiver did not agree to deliveries' },
  headers_invalid: { status: 400, title: 'The headers cannot be sent' },
  scope_invalid: { status: 400, title: 'The scope cannot be used here' },
  account_invalid: { status: 400, title: 'The account cannot be used here' },
  setting_invalid: { status: 400, title: 'The setting cannot have this value here' },
  domain_invalid: { status: 400, title: 'The domain cannot be used here' },
  unauthenticated: { status: 401, title: 'Authentication is required' },
  oidc_state_invalid: {
    status: 400,
    title: 'The login was not started here or has expired',
  },
  login_failed: { status: 401, title: 'The username or the password is wrong' },
  oidc_refused: { status: 401, title: 'The login at the identity provider failed' },
  oidc_unmapped: { status: 403, title: 'You have no role here' },
  key_login_off: { status: 403, title: 'Logging in with cloud keys is turned off' },
  account_unknown: { status: 403, title: 'Your account is unknown here' },
  forbidden: { status: 403, title: 'Your role does not allow this' },
  csrf_token_invalid: { status: 403, title: 'The CSRF token is missing or wrong' },
  token_scope: { status: 403, title: 'The scopes of the token do not allow this' },
  not_found: { status: 404, title: 'Not found' },
  payload_url_in_use: { status: 409, title: 'Another webhook of the owner has this payload URL' },
  webhook_limit: { status: 409, title: 'The account may not have more webhooks' },
  filter_invalid: { status: 400, title: 'The filter cannot be used' },
  filter_conflict: { status: 409, title: 'The filter contradicts or repeats another one' },
  name_in_use: { status: 409, title: 'The name is already in use' },
  user_external: { status: 409, title: 'The user logs in with the identity provider' },
  last_admin: { status: 409, title: 'There has to be an admin' },
  delivery_in_flight: { status: 409, title: 'The delivery is in progress' },
  source_unknown: { status: 409, title: 'The source is not configured here' },
  idempotency_in_progress: { status: 409, title: 'The first request is still in progress' },
  webhook_deleted: { status: 409, title: 'The webhook has been deleted' },
  webhook_disabled: { status: 409, title: 'The webhook is disabled' },
  event_not_wanted: { status: 409, title: 'The filters of the webhook leave the event out' },
  event_out_of_scope: { status: 409, title: "The webhook's scope does not cover the event" },
  conflict: { status: 409, title: 'The change conflicts with existing data' },
  precondition_failed: { status: 412, title: 'It was changed in the meantime' },
  body_too_large: { status: 413, title: 'The body is too large' },
  media_type_unsupported: { status: 415, title: 'The body must be JSON' },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key was used for another request',
  },
  encoding_unsupported: { status: 415, title: 'The body must not be compressed' },
  message_malformed: { status: 422, title: 'The message cannot be decoded' },
  login_limited: { status: 429, title: 'Too many login attempts' },
  requests_limited: { status: 429, title: 'Too many requests at once' },
  internal: { status: 500, title: 'Internal error' },
  query_too_long: { status: 503, title: 'The query took too long' },
  intake_busy: { status: 503, title: 'There is no room for another event at the moment' },
  oidc_device_unsupported: {
    status: 501,
    title: 'The identity provider does not support device login',
  },
  oidc_unavailable: { status: 503, title: 'The identity provider is unavailable' },
  source_unavailable: { status: 503, title: 'The message cannot be accepted now' },
  cloud_unavailable: { status: 503, title: "The cloud's API is unavailable" },
  busy: { status: 503, title: 'Hookline is too busy for this' },
  database_unavailable: { status: 503, title: 'The database is unavailable' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemKinds;

const fieldError = Type.Object({
  path: text(),
  message: text(),
  line: Type.Optional(
    whole({ description: 'Line in an expression or a template, counted from 1.' }),
  ),
  column: Type.Optional(whole({ description: 'Counted from 1.' })),
});

/**
 * One thing that is wrong with a request. `path` is a JSON pointer into the body, or the name of a parameter:
 * `/payloadUrl`, `limit`.
 */
export type FieldError = Static<typeof fieldError>;

/** Problem details of RFC 9457, with the extensions `code` and `errors`. */
export const problem = Type.Object(
  {
    type: text({ example: 'urn:hookline:problem:not_found' }),
    title: text(),
    status: whole(),
    detail: text(),
    code: schemaOf<ProblemCode>(text({ description: 'Stable code for programs.' })),
    errors: Type.Optional(arrayOf(fieldError)),
  },
  { $id: 'Problem', description: 'An error (RFC 9457). Programs should look at `code`.' },
);

export type Problem = Static<typeof problem>;

/** A request that cannot be processed. The error handler answers with it; nothing else catches it. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[];
  readonly retryAfterSeconds: number | undefined;

  /**
   * @param detail for people: what was wrong with this request and, if that helps, what to do.
   * @param retryAfterSeconds when to try again; the header `Retry-After`.
   */
  constructor(
    code: ProblemCode,
    detail: string,
    errors: readonly FieldError[] = [],
    retryAfterSeconds?: number,
  ) {
    super(detail);
    this.code = code;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export function toProblem({ code, message, errors }: ProblemError): Problem {
  return {
    type: `urn:hookline:problem:${code}`,
    ...problemKinds[code],
    detail: message,
    code,
    ...(errors.length > 0 && { errors }),
  };
}

export const problemMediaType = 'application/problem+json';
