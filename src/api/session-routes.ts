/** Logging in and out, and who one is. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { csrfTokenOf, writeSessionCookie } from '../access/cookie.ts';
import { countAttempt, forgiveAttempt } from '../access/login-limit.ts';
import { login } from '../access/session.ts';
import { hashToken } from '../access/token.ts';
import { databaseOf } from '../store/open.ts';
import { endSession } from '../store/query-user.ts';
import { callerOf, tokenOf } from './authenticate.ts';
import type { ApiOptions } from './context.ts';
import { ProblemError } from './problem.ts';
import { answer, noContent, problems } from './route.ts';

const tags = ['access'];

const schemas = {
  login: {
    summary: 'Log in',
    description:
      'The session also comes as a cookie that scripts cannot read. With it alone, changes need `X-CSRF-Token`. After too many attempts the answer is 429 with `Retry-After`.',
    tags,
    security: [],
    body: { $ref: 'Login#' },
    response: { 200: answer('Session', 'A token for `Authorization: Bearer`.'), ...problems },
  },
  logout: {
    summary: 'Log out: the session ends, and its cookie with it',
    tags,
    response: { 204: noContent, ...problems },
  },
  session: {
    summary: 'Who you are, and what you proved it with',
    tags,
    response: { 200: answer('Identity', 'You.'), ...problems },
  },
};

export function registerSessionRoutes(app: FastifyInstance, { store, now }: ApiOptions): void {
  app.post<{ Body: { username: string; password: string } }>(
    '/v1/login',
    { schema: schemas.login },
    async (request, reply) => {
      const { body } = request;
      const attempt = { username: body.username, address: request.ip };
      const database = databaseOf(store);
      const waitSeconds = await countAttempt(database, attempt);
      if (waitSeconds !== undefined) {
        void reply.header('retry-after', waitSeconds);
        throw new ProblemError('login_limited', `Try again in ${waitSeconds} seconds.`);
      }
      const session = await login(database, body, now());
      if (!session)
        throw new ProblemError('login_failed', 'The username or the password is wrong.');
      await forgiveAttempt(database, attempt);
      void reply.header('set-cookie', cookieFor(request, session.token, session.expiresAt));
      return { ...session, csrfToken: csrfTokenOf(session.token) };
    },
  );

  app.post('/v1/logout', { schema: schemas.logout }, async (request, reply) => {
    await endSession(databaseOf(store), hashToken(tokenOf(request) ?? ''));
    return reply
      .code(204)
      .header('set-cookie', cookieFor(request, '', new Date(0)))
      .send();
  });

  app.get('/v1/session', { schema: schemas.session }, request => {
    const { userId: _, domain, ...who } = callerOf(request).principal;
    const token = tokenOf(request);
    return {
      ...who,
      ...(domain && { domainId: domain.id }),
      ...(token !== undefined && { csrfToken: csrfTokenOf(token) }),
    };
  });
}

/** A proxy's word is enough here: whoever forges it denies the cookie to their own browser alone. */
const cookieFor = ({ protocol, headers }: FastifyRequest, token: string, expiresAt: Date): string =>
  writeSessionCookie(
    token,
    expiresAt,
    protocol === 'https' || headers['x-forwarded-proto'] === 'https',
  );
