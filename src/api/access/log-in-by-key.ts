/**
 * Logging in with a key pair of CloudStack's: the server is asked once whose it is, with that very pair, and a session
 * here stands for it until it ends. Nothing of the pair is stored.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';

import { admitKeyHolder } from '../../access/key-holder.ts';
import { forgiveAttempt } from '../../access/login-limit.ts';
import type { Session } from '../../access/session.ts';
import { CloudError } from '../../directory/cloud-error.ts';
import type { CloudIdentity } from '../../directory/cloudstack/cloudstack-identity.ts';
import type { KeyPair } from '../../directory/cloudstack/cloudstack-sign.ts';
import { databaseOf } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { findAccount } from '../../store/directory/account.ts';
import { everything } from '../../store/sql/visibility.ts';
import type { ApiOptions, KeyLogin } from '../context.ts';
import { ProblemError } from '../http/problem.ts';
import { requireAttempt } from './require-attempt.ts';

type Deps = Pick<ApiOptions, 'store' | 'now' | 'log' | 'keyLogin'>;

/** @throws {ProblemError} */
export async function logInByKey(
  { store, now, log, keyLogin }: Deps,
  pair: KeyPair,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<Session> {
  if (!keyLogin) {
    throw new ProblemError('key_login_off', 'The operator can turn it on with directory.keyLogin.');
  }
  const database = databaseOf(store);
  const attempt = { username: `key:${pair.apiKey}`, address: request.ip };
  await requireAttempt(database, attempt, reply);
  const identity = await identify(keyLogin, pair, { request, log });
  if (!identity) {
    throw new ProblemError('login_failed', 'CloudStack does not accept these keys.');
  }
  const { issuer, trustMs } = keyLogin;
  const placed = await place(database, identity);
  const holder = { ...placed, ...nameOf(identity), issuer, trustMs, address: request.ip };
  const session = await admitKeyHolder(store, holder, now());
  if (!session) {
    throw new ProblemError(
      'name_in_use',
      `There is another user named ${holder.username} here; an admin has to delete that one first.`,
    );
  }
  await forgiveAttempt(database, attempt);
  return session;
}

async function identify(
  { identify: ask }: KeyLogin,
  pair: KeyPair,
  { request, log }: { request: FastifyRequest; log: ApiOptions['log'] },
): Promise<CloudIdentity | undefined> {
  try {
    return await ask(pair, request.signal);
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    log.warn({ err: error }, 'key_login.cloud_not_asked');
    throw new ProblemError('cloud_unavailable', 'CloudStack did not say whose keys these are.');
  }
}

/** An account that is not known here yet comes with the next sync; an Admin may do without. */
async function place(database: Database, { accountId, accountName, role }: CloudIdentity) {
  const account = await findAccount(database, accountId, everything);
  if (account && account.removedAt === null) return { role, accountId };
  if (role === 'Admin') return { role };
  throw new ProblemError(
    'account_unknown',
    `Your account ${accountName} (${accountId}) is not in the directory yet; the next sync will add it.`,
  );
}

/**
 * Named apart from people who were made here: nobody may become `admin` by being called so in the cloud. Where the cloud
 * does not say which of an account's users it is, it is the account.
 */
function nameOf({ user, accountId, accountName }: CloudIdentity) {
  const { id, username } = user ?? { id: accountId, username: accountName };
  const name = username.replaceAll(/[^\p{L}\p{N}._@-]/gu, '_').slice(0, 200);
  return {
    subject: `${user ? 'user' : 'account'}:${id}`,
    username: `cloudstack:${name}:${id.slice(0, 8)}`,
  };
}
