/** Changes a user: password, role and account. What they are logged in with is judged by the new values from the next request. */
import { hashPassword } from '../../access/password.ts';
import type { Store } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { moveUser, replacePassword } from '../../store/access/user.ts';
import type { UserRow } from '../../store/access/user.ts';
import type { Role } from '../../store/schema/access-words.ts';
import { findAccount } from '../../store/directory/account.ts';
import type { Caller } from '../http/authenticate.ts';
import { changing } from '../http/changing.ts';
import { ProblemError } from '../http/problem.ts';
import { requireFullAccess } from './escalation.ts';
import { ofUser, requireUser } from './require-user.ts';

export interface UserChange {
  readonly password?: string;
  readonly role?: Role;
  readonly accountId?: string;
}

/** @throws {ProblemError} not_found, forbidden, token_scope, user_external, account_invalid, last_admin */
export async function changeUser(
  store: Store,
  caller: Caller,
  username: string,
  { password, ...place }: UserChange,
): Promise<void> {
  requireFullAccess(caller.principal);
  const isMoved = place.role !== undefined || place.accountId !== undefined;
  if (isMoved) requireRight(caller, username, place);
  const hash = password === undefined ? undefined : await hashPassword(password);
  const action = isMoved ? 'user.updated' : 'user.password_changed';
  await changing(store, caller, action, async database => {
    const found = await requireUser(database, username, caller.visibility);
    if (found.issuer !== null) {
      throw new ProblemError('user_external', `${found.username} logs in at ${found.issuer}.`);
    }
    if (hash !== undefined) await replacePassword(database, found.username, hash);
    if (!isMoved) return ofUser(found);
    const after = await move(database, found, { caller, place });
    return { ...ofUser(found.role === 'Admin' ? found : after), before: found, after };
  });
}

/** Nobody changes their own role or account: a slip of the hand would lock them out. */
function requireRight(
  { principal }: Caller,
  username: string,
  { role }: Omit<UserChange, 'password'>,
): void {
  const { role: own } = principal;
  if (own === 'User') {
    throw new ProblemError('forbidden', 'User may not change the role or the account of users.');
  }
  if (role === 'Admin' && own !== 'Admin') {
    throw new ProblemError('forbidden', `${own} may not give a user the role Admin.`);
  }
  if (username === principal.username) {
    throw new ProblemError('forbidden', 'Let another admin change your own role or account.');
  }
}

async function move(
  database: Database,
  found: UserRow,
  {
    caller: { visibility },
    place: { role = found.role, accountId = found.accountId ?? undefined },
  }: { readonly caller: Caller; readonly place: Omit<UserChange, 'password'> },
): Promise<UserRow> {
  if (accountId === undefined && role !== 'Admin') {
    throw new ProblemError('account_invalid', `A user with the role ${role} needs an account.`);
  }
  if (accountId !== undefined && !(await findAccount(database, accountId, visibility))) {
    throw new ProblemError('account_invalid', `There is no account ${accountId}.`);
  }
  const after = await moveUser(database, found.username, { role, accountId });
  if (after) return after;
  throw new ProblemError('last_admin', 'Create another admin first.');
}
