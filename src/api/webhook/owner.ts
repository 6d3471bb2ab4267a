/** The account that a webhook belongs to, and the scope that it may have there. */
import { findHighestRole } from '../../store/access/user.ts';
import type { Database } from '../../store/database.ts';
import { findAccount } from '../../store/directory/account.ts';
import { findDomain } from '../../store/directory/domain.ts';
import type { AccountRow } from '../../store/directory/account.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import { maySpecify } from '../../webhook/scope.ts';
import type { WebhookValues } from '../../webhook/values.ts';
import type { Caller } from '../http/authenticate.ts';
import { ProblemError } from '../http/problem.ts';

/**
 * The owner of a new webhook.
 *
 * @param accountId the caller's own account when absent.
 * @throws {ProblemError} account_invalid
 */
export async function findOwner(
  database: Database,
  { principal, visibility }: Caller,
  accountId = principal.accountId,
): Promise<AccountRow> {
  if (accountId === undefined) {
    throw new ProblemError('account_invalid', 'You have no account of your own: say accountId.');
  }
  const owner = await requireAccount(database, accountId, visibility);
  if (owner.removedAt === null) return owner;
  throw new ProblemError('account_invalid', `The account ${accountId} is gone from the cloud.`);
}

/** @throws {ProblemError} account_invalid */
export async function requireAccount(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<AccountRow> {
  const account = await findAccount(database, id, visibility);
  if (!account) throw new ProblemError('account_invalid', `There is no account ${id}.`);
  return account;
}

/**
 * The scope must lie within what the caller may see, and be one that the owner may have.
 *
 * @throws {ProblemError} scope_invalid, domain_invalid.
 */
export async function requireScope(
  database: Database,
  { principal, visibility }: Caller,
  { owner, values }: { owner: AccountRow; values: WebhookValues },
): Promise<void> {
  const { scope, domainId } = values;
  const ownerRole = await findHighestRole(database, owner.id);
  if (!maySpecify(principal.role, scope) || (ownerRole && !maySpecify(ownerRole, scope))) {
    throw new ProblemError(
      'scope_invalid',
      `Scope ${scope} can not be specified for owner ${owner.name}`,
    );
  }
  if (!(await findDomain(database, domainId, visibility))) {
    throw new ProblemError('domain_invalid', `There is no domain ${domainId}.`);
  }
}
