/** Creates the first user, and gives access directly through the database to people who cannot log in yet. */
import { randomBytes, randomUUID } from 'node:crypto';

import { insertAudit, nobody } from '../store/audit.ts';
import { fullScopes } from '../store/schema/access-words.ts';
import { databaseOf, inTransaction } from '../store/database.ts';
import type { Database, Store } from '../store/database.ts';
import { upsertAccounts } from '../store/directory/account.ts';
import { adoptRootDomain, findRootDomain } from '../store/directory/domain.ts';
import {
  countUsers,
  findUser,
  insertUser,
  lockFirstUser,
  replacePassword,
} from '../store/access/user.ts';
import { insertToken } from '../store/access/token.ts';
import { hashPassword } from './password.ts';
import { createToken, hashToken } from './token.ts';

export const adminName = 'admin';

/**
 * Creates the user `admin`, with an account in the root domain to own webhooks, if there is no user at all.
 * Safe when several processes start at once.
 *
 * @param password a random one when absent.
 * @returns the password if the user was created; print it once if it is random.
 */
export async function ensureAdmin(store: Store, password?: string): Promise<string | undefined> {
  if ((await countUsers(databaseOf(store))) > 0) return undefined;
  const chosen = password ?? randomBytes(12).toString('base64url');
  const passwordHash = await hashPassword(chosen);
  return inTransaction(store, async database => {
    await lockFirstUser(database);
    if ((await countUsers(database)) > 0) return undefined;
    const accountId = await createAccount(database);
    await insertUser(database, { username: adminName, passwordHash, role: 'Admin', accountId });
    await insertAudit(database, nobody, {
      action: 'user.created',
      objectId: adminName,
      accountId,
      after: { username: adminName, role: 'Admin', accountId },
    });
    return chosen;
  });
}

async function createAccount(database: Database): Promise<string> {
  const root = await findRootDomain(database);
  const domainId = root?.id ?? randomUUID();
  if (!root) await adoptRootDomain(database, { id: domainId, name: 'ROOT' });
  const id = randomUUID();
  await upsertAccounts(database, [{ id, name: adminName, domainId, kind: 'user' }]);
  return id;
}

/**
 * Sets the user's password, or creates an Admin of that name with the account of `admin`. To be called in a transaction.
 *
 * @param address for the audit: the local user, according to this machine.
 * @throws for a user who logs in with an OpenID provider.
 */
export async function putLocalUser(
  database: Database,
  { username, password }: { username: string; password: string },
  address: string | null = null,
): Promise<'created' | 'changed'> {
  const by = { username: null, address };
  const passwordHash = await hashPassword(password);
  if (await replacePassword(database, username, passwordHash)) {
    const { accountId } = (await findUser(database, username)) ?? {};
    await insertAudit(database, by, {
      action: 'user.password_changed',
      objectId: username,
      ...(typeof accountId === 'string' && { accountId }),
    });
    return 'changed';
  }
  const admin = await findUser(database, adminName);
  const account = admin?.accountId ?? (await createAccount(database));
  if (
    !(await insertUser(database, { username, passwordHash, role: 'Admin', accountId: account }))
  ) {
    throw new Error(`${username} logs in with an OpenID provider and has no password here`);
  }
  await insertAudit(database, by, {
    action: 'user.created',
    objectId: username,
    accountId: account,
    after: { username, role: 'Admin', accountId: account },
  });
  return 'created';
}

/**
 * Creates a token that does not expire. To be called in a transaction.
 *
 * @param address for the audit: the local user, according to this machine.
 * @returns undefined when there is no user of that name.
 */
export async function createLocalToken(
  database: Database,
  { username, name }: { username: string; name: string },
  address: string | null = null,
): Promise<string | undefined> {
  const user = await findUser(database, username);
  if (!user) return undefined;
  const token = createToken();
  const created = await insertToken(database, {
    userId: user.id,
    kind: 'token',
    name,
    tokenHash: hashToken(token),
    scopes: fullScopes,
  });
  await insertAudit(
    database,
    { username: null, address },
    {
      action: 'token.created',
      objectId: created.id,
      accountId: user.accountId,
      after: { ...created, username },
    },
  );
  return token;
}
