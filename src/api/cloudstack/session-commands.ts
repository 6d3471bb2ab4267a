/**
 * `login` and `logout`.
 *
 * Source: apache/cloudstack, DefaultLoginAPIAuthenticatorCmd, ApiServer.loginUser, DefaultLogoutAPIAuthenticatorCmd.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';

import { csrfTokenOf, readCookie, writeCookie } from '../../access/cookie.ts';
import { forgiveAttempt } from '../../access/login-limit.ts';
import { authenticate, login } from '../../access/session.ts';
import type { Principal, Session } from '../../access/session.ts';
import { hashToken } from '../../access/token.ts';
import type { Role } from '../../store/schema/access-words.ts';
import { isDomainAt } from '../../store/directory/domain.ts';
import { databaseOf } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { findAccount } from '../../store/directory/account.ts';
import { endSession } from '../../store/access/token.ts';
import { everything } from '../../store/sql/visibility.ts';
import type { ApiOptions } from '../context.ts';
import { requireAttempt } from '../access/require-attempt.ts';
import type { Fields } from './request/answer.ts';
import { CommandError, errorCodes } from './request/command-error.ts';
import { sessionIdCookie, sessionKeyCookie } from './request/identify.ts';
import type { Parameters } from './request/parameters.ts';

/** The request and the reply of one of these commands. */
export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Parameters by lower-case name. */
  readonly folded: Parameters;
}

/** Numbers of CloudStack's `Account.Type`. */
const accountTypes: Readonly<Record<Role, string>> = { User: '0', Admin: '1', DomainAdmin: '2' };

/** @throws {CommandError} @throws {ProblemError} login_limited */
export async function logIn(
  { store, now }: Pick<ApiOptions, 'store' | 'now'>,
  { request, reply, folded }: Exchange,
): Promise<Fields> {
  if (request.method !== 'POST') {
    throw new CommandError(
      errorCodes.methodNotAllowed,
      'Please use HTTP POST to authenticate using this API',
    );
  }
  const username = folded.get('username') ?? '';
  const attempt = { username, address: request.ip };
  const database = databaseOf(store);
  await requireAttempt(database, attempt, reply);
  const password = folded.get('password') ?? '';
  const session = await login(database, { username, password }, now());
  const principal = session && (await authenticate(database, session.token));
  if (!session || !principal || !(await isOfDomain(database, principal, folded))) {
    if (session) await endSession(database, hashToken(session.token));
    throw new CommandError(
      errorCodes.account,
      `Failed to authenticate user ${username}; please provide valid credentials`,
    );
  }
  await forgiveAttempt(database, attempt);
  const sessionKey = csrfTokenOf(session.token);
  setCookies({ request, reply }, { id: session.token, key: sessionKey, until: session.expiresAt });
  return describe(database, { principal, session, sessionKey, nowMs: now() });
}

/** Ends the session, if there is one. */
export async function logOut(
  { store }: Pick<ApiOptions, 'store'>,
  { request, reply }: Exchange,
): Promise<Fields> {
  const token = readCookie(request.headers.cookie, sessionIdCookie);
  if (token !== undefined) await endSession(databaseOf(store), hashToken(token));
  setCookies({ request, reply }, { id: '', key: '', until: new Date(0) });
  return { description: 'success' };
}

/** Whether the domain is right, if the request names one. It is optional, because usernames are unique here. */
async function isOfDomain(
  database: Database,
  { domain }: Principal,
  folded: Parameters,
): Promise<boolean> {
  const [id, path] = [folded.get('domainid'), folded.get('domain')];
  if (id !== undefined) return domain?.id === id;
  if (path === undefined) return true;
  return domain !== undefined && isDomainAt(database, domain.id, path.replaceAll(/^\/+|\/+$/g, ''));
}

interface NewSession {
  readonly principal: Principal;
  readonly session: Session;
  readonly sessionKey: string;
  readonly nowMs: number;
}

async function describe(
  database: Database,
  { principal, session, sessionKey, nowMs }: NewSession,
): Promise<Fields> {
  const { userId, username, role, accountId, domain } = principal;
  const account = accountId && (await findAccount(database, accountId, everything));
  return {
    username,
    userid: userId,
    domainid: domain?.id,
    timeout: Math.round((session.expiresAt.getTime() - nowMs) / 1_000),
    account: account ? account.name : undefined,
    type: accountTypes[role],
    registered: 'false',
    sessionkey: sessionKey,
    is2faenabled: 'false',
    is2faverified: 'true',
  };
}

/** Trusts the proxy's header: whoever forges it only loses the cookie of their own browser. */
function setCookies(
  { request, reply }: Pick<Exchange, 'request' | 'reply'>,
  { id, key, until }: { id: string; key: string; until: Date },
): void {
  const secure = request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
  const place = { path: '/client', secure };
  void reply.header('set-cookie', [
    writeCookie([sessionIdCookie, id], until, place),
    writeCookie([sessionKeyCookie, key], until, place),
  ]);
}
