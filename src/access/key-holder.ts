/**
 * Logs in people whom a cloud has authenticated by their key pair: creates the user at the first login, and updates the
 * role and the account from the cloud at each. The pair is not stored.
 */
import { insertAudit } from '../store/audit.ts';
import { inTransaction } from '../store/database.ts';
import type { Database, Store } from '../store/database.ts';
import { findIdentity, insertIdentity, renewStanding } from '../store/access/identity.ts';
import type { Identity, Standing } from '../store/access/identity.ts';
import type { UserRow } from '../store/access/user.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';

export interface KeyHolder extends Identity, Standing {
  /** Username for a new user. */
  readonly username: string;
  /** IP address of the peer. */
  readonly address: string;
}

/** @returns undefined when another user has the username. */
export async function admitKeyHolder(
  store: Store,
  holder: KeyHolder,
  nowMs: number,
): Promise<Session | undefined> {
  return inTransaction(store, async database => {
    const user =
      (await findIdentity(database, holder)) ?? (await findOrCreateUser(database, holder));
    if (!user) return undefined;
    await updateUser(database, holder, user);
    const expiresAt = new Date(nowMs + holder.trustMs);
    return openSession(database, { userId: user.id, expiresAt });
  });
}

async function findOrCreateUser(
  database: Database,
  holder: KeyHolder,
): Promise<UserRow | undefined> {
  const created = await insertIdentity(database, holder);
  // None was created: perhaps the same person logged in twice at once.
  if (!created) return findIdentity(database, holder);
  const { username, role, accountId, issuer } = created;
  await insertAudit(
    database,
    { username, address: holder.address },
    {
      action: 'user.created',
      objectId: username,
      accountId,
      after: { username, role, accountId, issuer, subject: holder.subject },
    },
  );
  return created;
}

async function updateUser(
  database: Database,
  holder: KeyHolder,
  { id, username, role, accountId }: UserRow,
): Promise<void> {
  await renewStanding(database, id, holder);
  const after = { role: holder.role, accountId: holder.accountId ?? null };
  if (after.role === role && after.accountId === accountId) return;
  await insertAudit(
    database,
    { username, address: holder.address },
    {
      action: 'user.updated',
      objectId: username,
      accountId: after.accountId,
      before: { role, accountId },
      after,
    },
  );
}
