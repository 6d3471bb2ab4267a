/** Which rows a caller may see and change: the grant of the permission table, applied to the caller. */
import { everything } from '../store/sql/visibility.ts';
import type { Visibility } from '../store/sql/visibility.ts';
import type { Grant } from './permission.ts';
import type { Principal } from './session.ts';

/** @throws {RangeError} for a tenant without an account, which the table of users does not allow. */
export function visibilityOf(principal: Principal, grant: Grant): Visibility {
  const { userId, username, accountId, domain } = principal;
  if (grant === 'everything') return everything;
  if (grant === 'self') return { kind: 'self', userId };
  if (accountId === undefined || !domain)
    throw new RangeError(`${username} has no account and reaches nothing`);
  return grant === 'subtree'
    ? { kind: 'subtree', path: domain.path }
    : { kind: 'account', accountId, domainId: domain.id };
}
