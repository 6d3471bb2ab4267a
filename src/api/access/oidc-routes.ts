/** Logs in with the OpenID provider in a browser: the redirect there and the callback. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';

import { readCookie, writeCookie, writeSessionCookie } from '../../access/cookie.ts';
import type { CookieScope } from '../../access/cookie.ts';
import { forgiveAttempt } from '../../access/login-limit.ts';
import { loginStateMs, type OidcLogin } from '../../access/oidc/oidc-login.ts';
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

/** The cookie with the sealed state of a login that has begun. */
const stateCookie = 'hookline_oidc';

const tags = ['access'];
const redirect = schemaOf<undefined>({
  description: 'Redirect of the browser.',
  type: 'null',
  headers: { location: text() },
});
const answered = (description: string) => Type.Optional(text({ maxLength: 8_192, description }));

const schemas = {
  login: {
    operationId: 'startOidcLogin',
    summary: 'Log in with the OpenID provider: redirect the browser there',
    description: 'To be opened in a browser, not to be called by a program.',
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
    operationId: 'finishOidcLogin',
    summary: 'Complete a login with the OpenID provider, which redirects the browser here',
    description: 'Starts a session like POST /v1/login, with only the cookie.',
    tags,
    security: [],
    querystring: Type.Object({
      code: answered('Code of the provider for the login.'),
      state: answered('The state that the login began with.'),
      error: answered('Why the provider did not log the user in.'),
    }),
    response: { 302: redirect, ...problems },
  },
};

export const oidcRoutes: RouteGroup = { schemas: [], register: registerOidcRoutes };

function registerOidcRoutes(app: Routes, options: ApiOptions): void {
  void app.register(async routes => {
    answerWithPages(routes, options.log);
    routes.addHook('onRequest', async (_, reply) => keepPrivate(reply));
    registerLogin(routes, options);
    registerCallback(routes, options);
  });
}

/** Keeps the URLs of a login, which carry codes, out of caches and `Referer` headers. */
function keepPrivate(reply: FastifyReply): void {
  void reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
}

function registerLogin(app: Routes, options: ApiOptions): void {
  app.get('/v1/oidc/login', { schema: schemas.login }, async (request, reply) => {
    const oidc = requireOidc(options);
    const begun = await askProvider(options, () => oidc.begin(request.query.returnTo));
    const until = new Date(options.now() + loginStateMs);
    return reply
      .header('set-cookie', writeCookie([stateCookie, begun.state], until, placeOf(oidc)))
      .redirect(begun.url, 302);
  });
}

function registerCallback(app: Routes, options: ApiOptions): void {
  const { store } = options;
  app.get('/v1/oidc/callback', { schema: schemas.callback }, async (request, reply) => {
    const oidc = requireOidc(options);
    const place = placeOf(oidc);
    const forget = writeCookie([stateCookie, ''], new Date(0), place);
    // Deleted even if the login fails: a state is good for one attempt.
    void reply.header('set-cookie', forget);
    const state = readCookie(request.headers.cookie, stateCookie);
    if (state === undefined) throw notStarted();
    const database = databaseOf(store);
    const attempt = { address: request.ip };
    await requireAttempt(database, attempt, reply);
    const query = queryOf(request);
    const finished = await askProvider(options, () =>
      oidc.finish({ query, state, address: request.ip }),
    );
    if (!finished) throw notStarted();
    const session = requireAdmitted(finished);
    await forgiveAttempt(database, attempt);
    const kept = writeSessionCookie(session.token, session.expiresAt, place.secure);
    return reply.header('set-cookie', kept).redirect(finished.returnTo, 302);
  });
}

const notStarted = (): ProblemError =>
  new ProblemError(
    'oidc_state_invalid',
    `Log in within ${loginStateMs / 60_000} minutes, in a single browser window that accepts cookies.`,
  );

/** Makes the browser send the state to the callback only. */
const placeOf = ({ redirectUrl }: OidcLogin): CookieScope => ({
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

/** Escapes text for HTML: some of it comes from the provider. */
const escape = (words: string): string =>
  words.replaceAll(/[&<>"']/g, sign => entities[sign] ?? '');
