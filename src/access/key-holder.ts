/**
 * Lets in whom a cloud knows by their key pair there: makes the user at the first login, and gives them the role and the
 * account they have in the cloud at each. Of the pair nothing is kept.
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
  /** What they are called here, if this is the first time. */
  readonly username: string;
  /** Of the peer. */
  readonly address: string;
}

/** @returns undefined when somebody else is called so. */
export async function admitKeyHolder(
  store: Store,
  holder: KeyHolder,
  nowMs: number,
): Promise<Session | undefined> {
  return inTransaction(store, async database => {
    const user = (await findIdentity(database, holder)) ?? (await meet(database, holder));
    if (!user) return undefined;
    await renew(database, holder, user);
    const expiresAt = new Date(nowMs + holder.trustMs);
    return openSession(database, { userId: user.id, expiresAt });
  });
}

async function meet(database: Database, holder: KeyHolder): Promise<UserRow | undefined> {
  const made = await insertIdentity(database, holder);
  // None was made: perhaps because the same person came twice at once.
  if (!made) return findIdentity(database, holder);
  const { username, role, accountId, issuer } = made;
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
  return made;
}

async function renew(
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
