/** Errors of the OpenID provider, classified by who can do something about them. */
import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';

/**
 * `refused`: the provider or the verification of its answer rejected this login; the user may try again.
 * `unavailable`: the provider is unreachable or does not accept this Hookline as a client; logging in by password still
 * works. The message is for people, the cause for the log.
 */
export class OidcError extends Error {
  override readonly name = 'OidcError';
  readonly code: 'refused' | 'unavailable';

  constructor(code: OidcError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Codes of openid-client for answers that fail verification. */
const checks: Readonly<Record<string, string>> = {
  OAUTH_INVALID_RESPONSE: 'it does not belong to this login',
  OAUTH_JWT_CLAIM_COMPARISON_FAILED: 'its token is for another client or another login',
  OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED: 'its userinfo is about another user',
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED:
    'its token has expired, or the clocks differ by more than oidc.clockToleranceMs',
  OAUTH_KEY_SELECTION_FAILED: 'its token is not signed with one of its keys',
};

/** Error codes of OAuth 2.0 (RFC 6749, RFC 8628) that concern one login, not this Hookline as a client. */
const loginErrors = ['invalid_grant', 'access_denied', 'expired_token'];

/** @param error error of a request about one login. */
export function toLoginError(error: unknown): OidcError {
  if (error instanceof AuthorizationResponseError) {
    const { error: code, error_description: description } = error;
    const more = description === undefined ? '' : ` (${description})`;
    return new OidcError('refused', `The identity provider answered ${code}${more}.`, {
      cause: error,
    });
  }
  if (error instanceof ResponseBodyError && loginErrors.includes(error.error)) {
    const message = `The identity provider answered ${error.error}: the login was already used or has expired.`;
    return new OidcError('refused', message, { cause: error });
  }
  const failed = error instanceof ClientError ? checks[error.code ?? ''] : undefined;
  if (failed === undefined) return toUnavailable(error);
  const message = `The identity provider's answer failed verification: ${failed}.`;
  return new OidcError('refused', message, { cause: error });
}

/** @param cause error of a request that is not about one login. */
export function toUnavailable(cause: unknown): OidcError {
  const code = clientErrorOf(cause);
  const message =
    code === undefined
      ? 'The identity provider is unreachable or does not answer as one. Try again in a moment; logging in by password works.'
      : `The identity provider does not accept this Hookline as a client (${code}); the operator has to check oidc.*.`;
  return new OidcError('unavailable', message, { cause });
}

/** The provider's error code about the client; undefined when there is none. */
function clientErrorOf(error: unknown): string | undefined {
  if (error instanceof ResponseBodyError) return error.error;
  if (!(error instanceof WWWAuthenticateChallengeError)) return undefined;
  return error.cause[0]?.parameters.error ?? `status ${error.status}`;
}
