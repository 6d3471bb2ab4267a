/** Logging in at the OpenID provider with a browser: there, and back. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { readCookie, writeCookie, writeSessionCookie } from '../../access/cookie.ts';
import type { CookiePlace } from '../../access/cookie.ts';
import { forgiveAttempt } from '../../access/login-limit.ts';
import { noteMs, type OidcLogin } from '../../access/oidc/oidc-login.ts';
import { databaseOf } from '../../store/database.ts';
import type { ApiOptions } from '../context.ts';
import { askProvider, requireAdmitted, requireOidc } from './oidc-answer.ts';
import { ProblemError } from '../http/problem.ts';
import { answerWithPages } from './problem-page.ts';
import { requireAttempt } from './require-attempt.ts';
import { problems } from '../http/route.ts';

/** Holds the note of a login that is under way. */
const noteCookie = 'hookline_oidc';

const tags = ['access'];
const redirect = {
  description: 'Where the browser goes.',
  type: 'null',
  headers: { location: { type: 'string' } },
} as const;
const text = { type: 'string', maxLength: 8_192 } as const;

const schemas = {
  login: {
    summary: 'Log in at the OpenID provider: sends the browser there',
    tags,
    security: [],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        returnTo: {
          type: 'string',
          maxLength: 1_024,
          description: 'Path of ours to come back to; what leads elsewhere becomes `/`.',
        },
      },
    },
    response: { 302: redirect, ...problems },
  },
  callback: {
    summary: 'Where the OpenID provider sends the browser back to',
    description: 'Begins a session as POST /v1/login does, in its cookie alone.',
    tags,
    security: [],
    querystring: { type: 'object', properties: { code: text, state: text, error: text } },
    response: { 302: redirect, ...problems },
  },
};

export function registerOidcRoutes(app: FastifyInstance, options: ApiOptions): void {
  void app.register(async routes => {
    answerWithPages(routes, options.log);
    routes.addHook('onRequest', async (_, reply) => keepToItself(reply));
    registerLogin(routes, options);
    registerCallback(routes, options);
  });
}

/** What these URLs carry is for the provider and us. */
function keepToItself(reply: FastifyReply): void {
  void reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
}

function registerLogin(app: FastifyInstance, options: ApiOptions): void {
  app.get<{ Querystring: { returnTo?: string } }>(
    '/v1/oidc/login',
    { schema: schemas.login },
    async (request, reply) => {
      const oidc = requireOidc(options);
      const begun = await askProvider(options, () => oidc.begin(request.query.returnTo));
      const until = new Date(options.now() + noteMs);
      return reply
        .header('set-cookie', writeCookie([noteCookie, begun.note], until, placeOf(oidc)))
        .redirect(begun.url, 302);
    },
  );
}

function registerCallback(app: FastifyInstance, options: ApiOptions): void {
  const { store } = options;
  app.get('/v1/oidc/callback', { schema: schemas.callback }, async (request, reply) => {
    const oidc = requireOidc(options);
    const place = placeOf(oidc);
    const forget = writeCookie([noteCookie, ''], new Date(0), place);
    // Also when it fails: a note is for one attempt.
    void reply.header('set-cookie', forget);
    const note = readCookie(request.headers.cookie, noteCookie);
    if (note === undefined) throw notBegun();
    const database = databaseOf(store);
    const attempt = { address: request.ip };
    await requireAttempt(database, attempt, reply);
    const query = queryOf(request);
    const finished = await askProvider(options, () =>
      oidc.finish({ query, note, address: request.ip }),
    );
    if (!finished) throw notBegun();
    const session = requireAdmitted(finished);
    await forgiveAttempt(database, attempt);
    const kept = writeSessionCookie(session.token, session.expiresAt, place.secure);
    return reply.header('set-cookie', kept).redirect(finished.returnTo, 302);
  });
}

const notBegun = (): ProblemError =>
  new ProblemError(
    'oidc_state_invalid',
    `Log in within ${noteMs / 60_000} minutes, in one window of one browser that takes cookies.`,
  );

/** The browser sends the note to the callback alone. */
const placeOf = ({ redirectUrl }: OidcLogin): CookiePlace => ({
  path: redirectUrl.pathname,
  secure: redirectUrl.protocol === 'https:',
});

const queryOf = ({ url }: FastifyRequest): string => url.slice(url.indexOf('?') + 1);
