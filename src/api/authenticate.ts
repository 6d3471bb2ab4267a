/** Tells who a request is from, and whether they may knock at its route. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { isAllowed, permissionFor } from '../access/permission.ts';
import { authenticate } from '../access/session.ts';
import type { Principal } from '../access/session.ts';
import { databaseOf } from '../store/open.ts';
import type { Store } from '../store/open.ts';
import { ProblemError } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on a public route without a token. */
    principal: Principal | null;
  }
}

/** Guards every route registered afterwards. */
export function guard(app: FastifyInstance, store: Store): void {
  app.decorateRequest('principal', null);
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
    if (!isAllowed(permission, request.principal.role)) {
      throw new ProblemError(
        'forbidden',
        `${request.principal.role} may not ${request.method} ${url}`,
      );
    }
  });
}

/** Who asks, on a route that is not public. */
export function principalOf(principal: Principal | null): Principal {
  if (!principal) throw new RangeError('asked for the principal of a public route');
  return principal;
}

async function readPrincipal(
  request: FastifyRequest,
  store: Store,
): Promise<Principal | undefined> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return token === undefined ? undefined : authenticate(databaseOf(store), token);
}
