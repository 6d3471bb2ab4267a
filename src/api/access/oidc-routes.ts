/** Logging in at the OpenID provider with a browser: there, and back. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';

import { readCookie, writeCookie, writeSessionCookie } from '../../access/cookie.ts';
import type { CookiePlace } from '../../access/cookie.ts';
import { forgiveAttempt } from '../../access/login-limit.ts';
import { noteMs, type OidcLogin } from '../../access/oidc/oidc-login.ts';
import { databaseOf } from '../../store/database.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { askProvider, requireAdmitted, requireOidc } from './oidc-answer.ts';
import type { Log } from '../../event/log.ts';
import { asProblem, logProblem, sendProblem } from '../http/errors.ts';
import { ProblemError, toProblem } from '../http/problem.ts';
import { requireAttempt } from './require-attempt.ts';
import { closed, problems } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { schemaOf, text } from '../../event/schema.ts';

/** Holds the note of a login that is under way. */
const noteCookie = 'hookline_oidc';

const tags = ['access'];
const redirect = schemaOf<undefined>({
  description: 'Redirect of the browser.',
  type: 'null',
  headers: { location: text() },
});
const answered = Type.Optional(text({ maxLength: 8_192 }));

const schemas = {
  login: {
    summary: 'Log in with the OpenID provider: redirect the browser there',
    tags,
    security: [],
    querystring: closed({
      returnTo: Type.Optional(
        text({
          maxLength: 1_024,
          description:
            'Path to return to after the login; anything but a path of this server becomes `/`.',
        }),
      ),
    }),
    response: { 302: redirect, ...problems },
  },
  callback: {
    summary: 'Complete a login with the OpenID provider, which redirects the browser here',
    description: 'Starts a session like POST /v1/login, with only the cookie.',
    tags,
    security: [],
    querystring: Type.Object({ code: answered, state: answered, error: answered }),
    response: { 302: redirect, ...problems },
  },
};

export const oidcRoutes: RouteGroup = { schemas: [], register: registerOidcRoutes };

function registerOidcRoutes(app: Routes, options: ApiOptions): void {
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

function registerLogin(app: Routes, options: ApiOptions): void {
  app.get('/v1/oidc/login', { schema: schemas.login }, async (request, reply) => {
    const oidc = requireOidc(options);
    const begun = await askProvider(options, () => oidc.begin(request.query.returnTo));
    const until = new Date(options.now() + noteMs);
    return reply
      .header('set-cookie', writeCookie([noteCookie, begun.note], until, placeOf(oidc)))
      .redirect(begun.url, 302);
  });
}

function registerCallback(app: Routes, options: ApiOptions): void {
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
    `Log in within ${noteMs / 60_000} minutes, in a single browser window that accepts cookies.`,
  );

/** The browser sends the note to the callback alone. */
const placeOf = ({ redirectUrl }: OidcLogin): CookiePlace => ({
  path: redirectUrl.pathname,
  secure: redirectUrl.protocol === 'https:',
});

const queryOf = ({ url }: FastifyRequest): string => url.slice(url.indexOf('?') + 1);

/**
 * Answers problems as a page to people whom a redirect has led here with a browser, for the routes that are registered in
 * the same context; programs get JSON as ever.
 */
function answerWithPages(app: Routes, log: Log): void {
  app.setErrorHandler(async (error, request, reply) => {
    const problem = asProblem(error, request);
    logProblem(log, { error, problem, request });
    if (!/\btext\/html\b/.test(request.headers.accept ?? '')) return sendProblem(reply, problem);
    return reply
      .code(toProblem(problem).status)
      .headers({
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        'x-content-type-options': 'nosniff',
      })
      .type('text/html; charset=utf-8')
      .send(Buffer.from(renderProblem(problem)));
  });
}

function renderProblem(error: ProblemError): string {
  const { title, detail, code } = toProblem(error);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)} · Hookline</title>
<h1>${escape(title)}</h1>
<p>${escape(detail)}</p>
<p><code>${escape(code)}</code></p>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What a provider says is not ours: it must stay text. */
const escape = (words: string): string =>
  words.replaceAll(/[&<>"']/g, sign => entities[sign] ?? '');
