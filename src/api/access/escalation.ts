/**
 * Keeps tokens from privilege escalation: a token must not create credentials that have more scopes or live longer than
 * itself. A session stands for its user, who may create credentials without limits.
 */
import { allows } from '../../access/session.ts';
import type { Principal } from '../../access/session.ts';
import type { TokenScope } from '../../store/schema/access-words.ts';
import { fullScopes } from '../../store/schema/access-words.ts';
import { ProblemError } from '../http/problem.ts';

/** @param wanted the credentials to create; without `expiresAt` they never expire. @throws {ProblemError} token_scope */
export function refuseEscalation(
  { kind, scopes, expiresAt }: Principal,
  wanted: { readonly scopes: readonly TokenScope[]; readonly expiresAt?: Date },
): void {
  if (wanted.scopes.some(scope => !allows(scopes, scope)))
    throw new ProblemError(
      'token_scope',
      'A token cannot create credentials with more scopes than its own.',
    );
  if (kind !== 'token' || expiresAt === undefined) return;
  if (wanted.expiresAt === undefined || wanted.expiresAt > new Date(expiresAt))
    throw new ProblemError(
      'token_scope',
      `A token cannot create credentials that outlive it: it expires at ${expiresAt}.`,
    );
}

/** Checks for passwords and key pairs, which have all scopes and never expire. @throws {ProblemError} token_scope */
export function requireFullAccess(principal: Principal): void {
  refuseEscalation(principal, { scopes: fullScopes });
}
