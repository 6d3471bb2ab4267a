/** Authenticates requests, and checks whether the caller's role may call the route. */
import type { FastifyInstance, FastifyRequest, RouteHandlerMethod } from 'fastify';

import { csrfHeader, isCsrfToken, readSessionCookie } from '../../access/cookie.ts';
import { permissionFor, grantOf } from '../../access/permission.ts';
import { authenticate, allows } from '../../access/session.ts';
import type { Principal } from '../../access/session.ts';
import { visibilityOf } from '../../access/visibility.ts';
import { databaseOf } from '../../store/database.ts';
import type { Store } from '../../store/database.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import { hangUpSignal } from './hang-up.ts';
import { ProblemError } from './problem.ts';
import type { ReadInTurn } from './read-in-turn.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** See `ApiOptions`. */
    catchUp(): Promise<void>;
  }
  interface FastifyRequest {
    /** Null on a public route without a token. */
    principal: Principal | null;
    /** Which rows the principal may see on this route; null on a public one. */
    visibility: Visibility | null;
  }
}

/** Routes that only read, for as long as a list does. */
const readsByPost: readonly string[] = ['/v1/filters/preview'];

export interface Guard {
  readonly store: Store;
  /** Authenticates those who post events: they must not wait behind people's requests. */
  readonly recordingStore: Store;
  readonly readInTurn: ReadInTurn;
  /** See `ApiOptions`. */
  readonly catchUp: () => Promise<void>;
}

/** Guards every route registered afterwards. What only reads takes turns by account. */
export function guardRoutes(
  app: FastifyInstance,
  { store, recordingStore, readInTurn, catchUp }: Guard,
): void {
  app.decorate('catchUp', catchUp);
  app.decorateRequest('principal', null);
  app.decorateRequest('visibility', null);
  app.addHook('onRoute', route => {
    const { method, url } = route;
    const permissions = [method].flat().map(each => permissionFor(each, url));
    const isOpen = permissions.includes('public');
    if (!isOpen && (method === 'GET' || readsByPost.includes(url))) {
      route.handler = inTurn(readInTurn, route.handler);
    }
  });
  app.addHook('onRequest', async request => {
    const { url } = request.routeOptions;
    // The path is unknown; the not-found handler answers.
    if (url === undefined) return;
    const permission = permissionFor(request.method, url);
    if (permission === 'public') return;
    const isUrgent = isPosting(request);
    request.principal = (await readPrincipal(request, isUrgent ? recordingStore : store)) ?? null;
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

function inTurn(readInTurn: ReadInTurn, handler: RouteHandlerMethod): RouteHandlerMethod {
  return async function (request, reply) {
    return readInTurn(callerOf(request), async () => handler.call(this, request, reply));
  };
}

/** The caller of a route that is not public. */
export function callerOf(request: FastifyRequest): Caller {
  const { principal, visibility, ip: address } = request;
  if (!principal || !visibility) throw new RangeError('asked who calls a public route');
  return {
    principal,
    visibility,
    address,
    signal: hangUpSignal(request),
    catchUp: async () => request.server.catchUp(),
  };
}

export interface Caller {
  readonly principal: Principal;
  readonly visibility: Visibility;
  /** IP address of the peer. */
  readonly address: string;
  /** Aborts when the client has hung up. */
  readonly signal: AbortSignal;
  /** Resolves when what was committed before is in effect in this process. */
  readonly catchUp: () => Promise<void>;
}

async function readPrincipal(
  request: FastifyRequest,
  store: Store,
): Promise<Principal | undefined> {
  const token = tokenOf(request);
  if (token === undefined) return undefined;
  const principal = await authenticate(databaseOf(store), token);
  // A browser sends the cookie with every request, including those that another site triggers.
  if (principal && !isReading(request) && isFromCookie(request)) requireCsrfToken(request, token);
  return principal;
}

/** The token of the request: from the header `Authorization`, or else from the console's cookie. */
export function tokenOf(request: FastifyRequest): string | undefined {
  const { authorization, cookie } = request.headers;
  return isFromCookie(request)
    ? readSessionCookie(cookie)
    : /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

const isFromCookie = ({ headers }: FastifyRequest): boolean => headers.authorization === undefined;

const isReading = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD';

/** Posts events, which needs less than the scope `write`. */
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
  if (allows(scopes, wanted)) return;
  throw new ProblemError('token_scope', `The token does not have the scope ${wanted}.`);
}
