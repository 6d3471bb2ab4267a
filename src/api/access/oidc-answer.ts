/** Answers of the API about logins with the OpenID provider. */
import type { Admission } from '../../access/oidc/oidc-admit.ts';
import { OidcError } from '../../access/oidc/oidc-error.ts';
import type { OidcLogin } from '../../access/oidc/oidc-login.ts';
import type { Session } from '../../access/session.ts';
import type { ApiOptions } from '../context.ts';
import { ProblemError } from '../http/problem.ts';

/** @throws {ProblemError} not_found */
export function requireOidc({ oidc }: ApiOptions): OidcLogin {
  if (oidc) return oidc;
  throw new ProblemError('not_found', 'No OpenID provider is configured; see oidc.issuer.');
}

/** Asks the provider; its failures become problems. @throws {ProblemError} oidc_unavailable, oidc_refused */
export async function askProvider<T>({ log }: ApiOptions, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof OidcError)) throw error;
    const isAway = error.code === 'unavailable';
    log.warn({ err: error }, isAway ? 'oidc.unavailable' : 'oidc.refused');
    throw new ProblemError(isAway ? 'oidc_unavailable' : 'oidc_refused', error.message);
  }
}

/** @throws {ProblemError} oidc_unmapped, name_in_use */
export function requireAdmitted(admission: Admission): Session {
  if (admission.kind === 'admitted') return admission.session;
  const code = admission.why === 'unmapped' ? 'oidc_unmapped' : 'name_in_use';
  throw new ProblemError(code, admission.reason);
}
