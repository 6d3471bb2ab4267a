/** What can go wrong at an OpenID provider, sorted by whose turn it is then. */
import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';

/**
 * `refused`: the provider, or the check of what it sent, says no to this login; its person may try again.
 * `unavailable`: nothing can be said, because the provider is away or does not know this Hookline as it is configured;
 * logging in by password goes on. The message is for people, the cause for the log.
 */
export class OidcError extends Error {
  override readonly name = 'OidcError';
  readonly code: 'refused' | 'unavailable';

  constructor(code: OidcError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Of openid-client: what came from the provider was read, and is not what it must be. */
const checks: Readonly<Record<string, string>> = {
  OAUTH_INVALID_RESPONSE: 'what it sent does not belong to this login',
  OAUTH_JWT_CLAIM_COMPARISON_FAILED: 'its token is for somebody else, or for another login',
  OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED: 'its userinfo is about somebody else',
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED:
    'its token has expired; or its clock and this one are further apart than oidc.clockToleranceMs',
  OAUTH_KEY_SELECTION_FAILED: 'its token is not signed with one of its keys',
};

/** Of OAuth 2.0, RFC 6749 and 8628: what the provider says no to, if it is not this Hookline as a client. */
const refusals = ['invalid_grant', 'access_denied', 'expired_token'];

/** @param error of a request about one login. */
export function explainLogin(error: unknown): OidcError {
  if (error instanceof AuthorizationResponseError) {
    const { error: code, error_description: description } = error;
    const more = description === undefined ? '' : ` (${description})`;
    return new OidcError('refused', `The identity provider says ${code}${more}.`, { cause: error });
  }
  if (error instanceof ResponseBodyError && refusals.includes(error.error)) {
    const message = `The identity provider says ${error.error}: the login was used already, or is too old.`;
    return new OidcError('refused', message, { cause: error });
  }
  const failed = error instanceof ClientError ? checks[error.code ?? ''] : undefined;
  if (failed === undefined) return explainAway(error);
  const message = `The identity provider's answer cannot be believed: ${failed}.`;
  return new OidcError('refused', message, { cause: error });
}

/** @param cause of a request that no login can be blamed for. */
export function explainAway(cause: unknown): OidcError {
  const refusal = refusalOf(cause);
  const message =
    refusal === undefined
      ? 'The identity provider cannot be reached, or does not answer as one. Try again in a moment; logging in by password works.'
      : `The identity provider does not take this Hookline as a client (${refusal}); its operator has to look at oidc.*.`;
  return new OidcError('unavailable', message, { cause });
}

/** The provider's own word for what it has against the client; undefined when it said none. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof ResponseBodyError) return error.error;
  if (!(error instanceof WWWAuthenticateChallengeError)) return undefined;
  return error.cause[0]?.parameters.error ?? `status ${error.status}`;
}
