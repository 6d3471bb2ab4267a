/** The user that a request is about, and what the audit says of them. */
import type { Database } from '../../store/database.ts';
import { findUserWithin } from '../../store/access/user.ts';
import type { UserRow } from '../../store/access/user.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import { ProblemError } from '../http/problem.ts';

/** @throws {ProblemError} not_found */
export async function requireUser(
  database: Database,
  name: string,
  visibility: Visibility,
): Promise<UserRow> {
  const found = await findUserWithin(database, name, visibility);
  if (!found) throw noUser(name);
  return found;
}

/** The object of a change and its owner, for the audit. Changes of an Admin are shown to Admins only. */
export const ofUser = ({ username: name, accountId, role: has }: UserRow) => ({
  objectId: name,
  ...(has !== 'Admin' && { accountId }),
});

export const noUser = (name: string): ProblemError =>
  new ProblemError('not_found', `There is no user ${name}.`);
