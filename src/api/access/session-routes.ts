/** Logging in and out, and who one is. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { csrfTokenOf, writeSessionCookie } from '../../access/cookie.ts';
import { OidcError } from '../../access/oidc/oidc-error.ts';
import { forgiveAttempt } from '../../access/login-limit.ts';
import { login } from '../../access/session.ts';
import type { Session } from '../../access/session.ts';
import { hashToken } from '../../access/token.ts';
import type { KeyPair } from '../../directory/cloudstack/cloudstack-sign.ts';
import { databaseOf } from '../../store/database.ts';
import { endSession } from '../../store/access/query-user.ts';
import { callerOf, tokenOf } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { logInByKey } from './log-in-by-key.ts';
import { requireAttempt } from './require-attempt.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, noContent, problems, strangersBytesMax } from '../http/route.ts';

interface PasswordBody {
  readonly username: string;
  readonly password: string;
}

const tags = ['access'];

const schemas = {
  login: {
    summary: 'Log in',
    description:
      'By name and password, or, where the operator allows it, with a CloudStack user’s pair of keys, of which nothing is kept. The session also comes as a cookie that scripts cannot read. With it alone, changes need `X-CSRF-Token`. After too many attempts the answer is 429 with `Retry-After`.',
    tags,
    security: [],
    body: { $ref: 'Login#' },
    response: { 200: answer('Session', 'A token for `Authorization: Bearer`.'), ...problems },
  },
  logout: {
    summary: 'Log out: the session ends, and its cookie with it',
    tags,
    response: {
      200: answer('LoggedOut', 'Logged out here; the identity provider has a session of its own.'),
      204: noContent,
      ...problems,
    },
  },
  methods: {
    summary: 'How people may log in',
    tags,
    security: [],
    response: { 200: answer('LoginMethods', 'The ways there are.'), ...problems },
  },
  session: {
    summary: 'Who you are, and what you proved it with',
    tags,
    response: { 200: answer('Identity', 'You.'), ...problems },
  },
};

export function registerSessionRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { store, oidc, keyLogin } = options;
  app.post<{ Body: PasswordBody | KeyPair }>(
    '/v1/login',
    { schema: schemas.login, bodyLimit: strangersBytesMax },
    async (request, reply) => {
      const { body } = request;
      const session =
        'apiKey' in body
          ? await logInByKey(options, body, { request, reply })
          : await logInByPassword(options, body, { request, reply });
      void reply.header('set-cookie', cookieFor(request, session.token, session.expiresAt));
      return { ...session, csrfToken: csrfTokenOf(session.token) };
    },
  );

  app.post('/v1/logout', { schema: schemas.logout }, async (request, reply) => {
    const tokenHash = hashToken(tokenOf(request) ?? '');
    const endSessionUrl = await findEndSession(options, tokenHash);
    await endSession(databaseOf(store), tokenHash);
    void reply.header('set-cookie', cookieFor(request, '', new Date(0)));
    return endSessionUrl === undefined ? reply.code(204).send() : { endSessionUrl };
  });

  app.get('/v1/login/methods', { schema: schemas.methods }, () => ({
    methods: [
      { kind: 'password', label: 'Password', path: '/v1/login' },
      ...(oidc ? [{ kind: 'oidc', label: oidc.label, path: '/v1/oidc/login' }] : []),
      ...(keyLogin ? [{ kind: 'key', label: 'CloudStack keys', path: '/v1/login' }] : []),
    ],
  }));

  app.get('/v1/session', { schema: schemas.session }, request => {
    const { userId: _, expiresAt: _end, domain, ...who } = callerOf(request).principal;
    const token = tokenOf(request);
    return {
      ...who,
      ...(domain && { domainId: domain.id }),
      ...(token !== undefined && { csrfToken: csrfTokenOf(token) }),
    };
  });
}

async function logInByPassword(
  { store, now }: ApiOptions,
  body: PasswordBody,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<Session> {
  const attempt = { username: body.username, address: request.ip };
  const database = databaseOf(store);
  await requireAttempt(database, attempt, reply);
  const session = await login(database, body, now());
  if (!session) throw new ProblemError('login_failed', 'The username or the password is wrong.');
  await forgiveAttempt(database, attempt);
  return session;
}

/** A provider that is away keeps nobody from logging out here. */
async function findEndSession(
  { oidc, log }: ApiOptions,
  tokenHash: Buffer,
): Promise<string | undefined> {
  try {
    return await oidc?.endSessionUrl(tokenHash);
  } catch (error) {
    if (!(error instanceof OidcError)) throw error;
    log.warn({ err: error }, 'oidc.session_kept');
    return undefined;
  }
}

/** A proxy's word is enough here: whoever forges it denies the cookie to their own browser alone. */
const cookieFor = ({ protocol, headers }: FastifyRequest, token: string, expiresAt: Date): string =>
  writeSessionCookie(
    token,
    expiresAt,
    protocol === 'https' || headers['x-forwarded-proto'] === 'https',
  );
