/** Tells who a request is from, and whether they may knock at its route. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { csrfHeader, isCsrfToken, readSessionCookie } from '../../access/cookie.ts';
import { permissionFor, grantOf } from '../../access/permission.ts';
import { authenticate, opens } from '../../access/session.ts';
import type { Principal } from '../../access/session.ts';
import { visibilityOf } from '../../access/visibility.ts';
import { databaseOf } from '../../store/database.ts';
import type { Store } from '../../store/database.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import { ProblemError } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on a public route without a token. */
    principal: Principal | null;
    /** How far the principal reaches on this route; null on a public one. */
    visibility: Visibility | null;
  }
}

/** Guards every route registered afterwards. */
export function guard(app: FastifyInstance, store: Store): void {
  app.decorateRequest('principal', null);
  app.decorateRequest('visibility', null);
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) permissionFor(each, url);
  });
  app.addHook('onRequest', async request => {
    const { url } = request.routeOptions;
    // An unknown path; the handler of those answers.
    if (url === undefined) return;
    const permission = permissionFor(request.method, url);
    if (permission === 'public') return;
    request.principal = (await readPrincipal(request, store)) ?? null;
    if (!request.principal) {
      throw new ProblemError(
        'unauthenticated',
        'Send `Authorization: Bearer <token>`; POST /v1/login gives one.',
      );
    }
    requireScope(request, request.principal);
    const grant = grantOf(permission, request.principal.role);
    if (grant === undefined) {
      throw new ProblemError(
        'forbidden',
        `${request.principal.role} may not ${request.method} ${url}`,
      );
    }
    request.visibility = visibilityOf(request.principal, grant);
  });
}

/** Who asks, and what they are granted, on a route that is not public. */
export function callerOf({ principal, visibility, ip }: FastifyRequest): Caller {
  if (!principal || !visibility) throw new RangeError('asked who calls a public route');
  return { principal, visibility, address: ip };
}

export interface Caller {
  readonly principal: Principal;
  readonly visibility: Visibility;
  /** Of the peer. */
  readonly address: string;
}

async function readPrincipal(
  request: FastifyRequest,
  store: Store,
): Promise<Principal | undefined> {
  const token = tokenOf(request);
  if (token === undefined) return undefined;
  const principal = await authenticate(databaseOf(store), token);
  // A browser sends the cookie along with whatever another site makes it ask for.
  if (principal && !isReading(request) && isFromCookie(request)) requireCsrfToken(request, token);
  return principal;
}

/** What the request proves itself with: the header, or else the console's cookie. */
export function tokenOf(request: FastifyRequest): string | undefined {
  const { authorization, cookie } = request.headers;
  return isFromCookie(request)
    ? readSessionCookie(cookie)
    : /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

const isFromCookie = ({ headers }: FastifyRequest): boolean => headers.authorization === undefined;

const isReading = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD';

/** Events, which change nothing that is set. */
const isPosting = ({ method, routeOptions }: FastifyRequest): boolean =>
  method === 'POST' && routeOptions.url === '/v1/events';

function requireCsrfToken({ headers }: FastifyRequest, token: string): void {
  if (isCsrfToken(token, headers[csrfHeader])) return;
  throw new ProblemError(
    'csrf_token_invalid',
    'With the session cookie, send the `csrfToken` of GET /v1/session as `X-CSRF-Token`.',
  );
}

function requireScope(request: FastifyRequest, { scopes }: Principal): void {
  const wanted = isReading(request) ? 'read' : isPosting(request) ? 'ingest' : 'write';
  if (opens(scopes, wanted)) return;
  throw new ProblemError('token_scope', `The token does not have the scope ${wanted}.`);
}
