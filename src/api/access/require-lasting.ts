/**
 * Keeps a token from making itself more than it is: who holds one that opens less, or ends, must not get from it what
 * opens more, or does not end. A session is its person, who may make what lasts.
 */
import { opens } from '../../access/session.ts';
import type { Principal } from '../../access/session.ts';
import type { TokenScope } from '../../store/schema/access.ts';
import { fullScopes } from '../../store/schema/access.ts';
import { ProblemError } from '../http/problem.ts';

/** @param wanted what is to be made; without `expiresAt`, for ever. @throws {ProblemError} token_scope */
export function requireLasting(
  { kind, scopes, expiresAt }: Principal,
  wanted: { readonly scopes: readonly TokenScope[]; readonly expiresAt?: Date },
): void {
  if (wanted.scopes.some(scope => !opens(scopes, scope)))
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

/** For passwords and key pairs, which open everything for ever. @throws {ProblemError} token_scope */
export function requireEverything(principal: Principal): void {
  requireLasting(principal, { scopes: fullScopes });
}
