/** How far somebody reaches: the row of the permission table, applied to who asks. */
import { everything } from '../store/sql/visibility.ts';
import type { Territory } from '../store/sql/visibility.ts';
import type { Reach } from './permission.ts';
import type { Principal } from './session.ts';

/** @throws {RangeError} for a tenant without an account, which the table of users does not allow. */
export function territoryOf(principal: Principal, reach: Reach): Territory {
  const { userId, username, accountId, domain } = principal;
  if (reach === 'everything') return everything;
  if (reach === 'self') return { kind: 'self', userId };
  if (accountId === undefined || !domain)
    throw new RangeError(`${username} has no account and reaches nothing`);
  return reach === 'subtree'
    ? { kind: 'subtree', path: domain.path }
    : { kind: 'account', accountId, domainId: domain.id };
}
