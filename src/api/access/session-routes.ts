/** Logging in, logging out, and showing who is logged in. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Static } from 'typebox';

import { csrfTokenOf, writeSessionCookie } from '../../access/cookie.ts';
import { OidcError } from '../../access/oidc/oidc-error.ts';
import { forgiveAttempt } from '../../access/login-limit.ts';
import { login } from '../../access/session.ts';
import type { Session } from '../../access/session.ts';
import { hashToken } from '../../access/token.ts';
import type { KeyPair } from '../../directory/cloudstack/cloudstack-sign.ts';
import { databaseOf } from '../../store/database.ts';
import { endSession } from '../../store/access/token.ts';
import { callerOf, tokenOf } from '../http/authenticate.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { logInByKey } from './log-in-by-key.ts';
import { requireAttempt } from './require-attempt.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, closed, noContent, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { strangersBytesMax } from '../http/body.ts';
import { arrayOf, instant, oneOf, schemaOf, text } from '../../event/schema.ts';
import { roles } from '../../store/schema/access-words.ts';
import { scopes } from './token-routes.ts';
import { username } from './user-routes.ts';

interface PasswordLogin {
  readonly username: string;
  readonly password: string;
}

const credential = text({ minLength: 1, maxLength: 255 });

const loginBody = schemaOf<PasswordLogin | KeyPair>({
  $id: 'Login',
  description: 'Who logs in: a user of Hookline, or a user of CloudStack.',
  oneOf: [
    closed(
      { username: text({ maxLength: 255 }), password: text({ maxLength: 1_024 }) },
      { description: 'A user of Hookline.' },
    ),
    closed(
      { apiKey: credential, secretKey: credential },
      { description: 'The keys of a CloudStack user.' },
    ),
  ],
});

const csrfToken = text({
  description:
    'Value of the header `X-CSRF-Token`, which changes need when the session cookie is used.',
});

export const session = Type.Object(
  { token: text(), expiresAt: instant(), csrfToken },
  { $id: 'Session', description: 'A session that begins with a login.' },
);

const loginMethods = Type.Object(
  {
    methods: arrayOf(
      Type.Object({
        kind: oneOf(['password', 'oidc', 'key']),
        label: text({ description: 'For people.' }),
        path: text({
          description:
            'For `password`, POST `username` and `password` here; for `key`, POST `apiKey` and `secretKey` here; for `oidc`, open this page in the browser, optionally with `returnTo`.',
        }),
      }),
    ),
  },
  { $id: 'LoginMethods', description: 'The ways to log in.' },
);

const loggedOut = Type.Object(
  {
    endSessionUrl: text({
      description:
        'Page to open in the browser to end the session at the identity provider as well.',
    }),
  },
  { $id: 'LoggedOut', description: 'What is left to do after logging out.' },
);

const identity = Type.Object(
  {
    username,
    role: oneOf(roles),
    kind: oneOf(['session', 'token', 'key']),
    scopes,
    accountId: Type.Optional(text()),
    domainId: Type.Optional(text()),
    csrfToken: Type.Optional(csrfToken),
  },
  { $id: 'Identity', description: 'Who sent the request.' },
);

const tags = ['access'];

const schemas = {
  login: {
    operationId: 'login',
    summary: 'Log in',
    description:
      'With a username and a password or, if the operator allows it, with the API key and secret key of a CloudStack user, which are not stored. The session token is also set as a cookie that scripts cannot read; requests that change something and send only the cookie need `X-CSRF-Token`. After too many attempts the answer is 429 with `Retry-After`.',
    tags,
    security: [],
    body: ref(loginBody),
    response: { 200: answer(session, 'A token for `Authorization: Bearer`.'), ...problems },
  },
  logout: {
    operationId: 'logout',
    summary: 'Log out: end the session and delete its cookie',
    description:
      'Ends the session that the request is sent with. A token is deleted with `DELETE /v1/tokens/{id}` instead.',
    tags,
    response: {
      200: answer(loggedOut, 'Logged out here; the session at the identity provider goes on.'),
      204: noContent,
      ...problems,
    },
  },
  methods: {
    operationId: 'listLoginMethods',
    summary: 'List the ways to log in',
    description: 'What a login page offers; it depends on the configuration.',
    tags,
    security: [],
    response: { 200: answer(loginMethods, 'Login methods.'), ...problems },
  },
  session: {
    operationId: 'showSession',
    summary: 'Show who you are and how you are authenticated',
    description:
      'Your user, role and account, and what the token, key or session that you sent may do.',
    tags,
    response: { 200: answer(identity, 'You.'), ...problems },
  },
};

export const sessionRoutes: RouteGroup = {
  schemas: [identity, loginBody, session, loginMethods, loggedOut],
  register: registerSessionRoutes,
};

function registerSessionRoutes(app: Routes, options: ApiOptions): void {
  const { store } = options;
  app.post(
    '/v1/login',
    { schema: schemas.login, bodyLimit: strangersBytesMax },
    async (request, reply) => {
      const { body } = request;
      const begun =
        'apiKey' in body
          ? await logInByKey(options, body, { request, reply })
          : await logInByPassword(options, body, { request, reply });
      void reply.header('set-cookie', cookieFor(request, begun.token, begun.expiresAt));
      return { ...begun, csrfToken: csrfTokenOf(begun.token) };
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
    methods: listMethods(options),
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

const listMethods = ({ oidc, keyLogin }: ApiOptions): Static<typeof loginMethods>['methods'] => [
  { kind: 'password', label: 'Password', path: '/v1/login' },
  ...(oidc ? [{ kind: 'oidc' as const, label: oidc.label, path: '/v1/oidc/login' }] : []),
  ...(keyLogin ? [{ kind: 'key' as const, label: 'CloudStack keys', path: '/v1/login' }] : []),
];

async function logInByPassword(
  { store, now }: ApiOptions,
  body: PasswordLogin,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<Session> {
  const attempt = { username: body.username, address: request.ip };
  const database = databaseOf(store);
  await requireAttempt(database, attempt, reply);
  const begun = await login(database, body, now());
  if (!begun) throw new ProblemError('login_failed', 'The username or the password is wrong.');
  await forgiveAttempt(database, attempt);
  return begun;
}

/** Where the provider's session ends. Undefined as well when the provider is unreachable: logging out here works all the same. */
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

/** Trusts the proxy's header: whoever forges it only loses the cookie of their own browser. */
const cookieFor = ({ protocol, headers }: FastifyRequest, token: string, expiresAt: Date): string =>
  writeSessionCookie(
    token,
    expiresAt,
    protocol === 'https' || headers['x-forwarded-proto'] === 'https',
  );
