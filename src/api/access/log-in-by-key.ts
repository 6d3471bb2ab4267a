/**
 * Logs in with a CloudStack key pair: CloudStack is asked once, with that very pair, whose it is, and a session here
 * takes its place. The pair itself is not stored.
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
  const standing = await requireStanding(database, identity);
  const holder = { ...standing, ...nameOf(identity), issuer, trustMs, address: request.ip };
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

/**
 * The role and the account of a user of the cloud. An Admin needs no account; another user's account that is unknown
 * here comes with the next sync.
 *
 * @throws {ProblemError} account_unknown
 */
async function requireStanding(
  database: Database,
  { accountId, accountName, role }: CloudIdentity,
) {
  const account = await findAccount(database, accountId, everything);
  if (account && account.removedAt === null) return { role, accountId };
  if (role === 'Admin') return { role };
  throw new ProblemError(
    'account_unknown',
    `Your account ${accountName} (${accountId}) is not in the directory yet; the next sync will add it.`,
  );
}

/**
 * The identity and the username here. The prefix tells them apart from users created here, so that nobody becomes `admin`
 * by that name in the cloud. Where the cloud does not say which of an account's users it is, the account stands for them.
 */
function nameOf({ user, accountId, accountName }: CloudIdentity) {
  const { id, username } = user ?? { id: accountId, username: accountName };
  const name = username.replaceAll(/[^\p{L}\p{N}._@-]/gu, '_').slice(0, 200);
  return {
    subject: `${user ? 'user' : 'account'}:${id}`,
    username: `cloudstack:${name}:${id.slice(0, 8)}`,
  };
}
