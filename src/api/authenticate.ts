/** Tells who a request is from, and whether they may knock at its route. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { permissionFor, reachOf } from '../access/permission.ts';
import { authenticate } from '../access/session.ts';
import type { Principal } from '../access/session.ts';
import { territoryOf } from '../access/territory.ts';
import { databaseOf } from '../store/open.ts';
import type { Store } from '../store/open.ts';
import type { Territory } from '../store/territory.ts';
import { ProblemError } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on a public route without a token. */
    principal: Principal | null;
    /** How far the principal reaches on this route; null on a public one. */
    territory: Territory | null;
  }
}

/** Guards every route registered afterwards. */
export function guard(app: FastifyInstance, store: Store): void {
  app.decorateRequest('principal', null);
  app.decorateRequest('territory', null);
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
    const reach = reachOf(permission, request.principal.role);
    if (reach === undefined) {
      throw new ProblemError(
        'forbidden',
        `${request.principal.role} may not ${request.method} ${url}`,
      );
    }
    request.territory = territoryOf(request.principal, reach);
  });
}

/** Who asks, and how far they reach, on a route that is not public. */
export function callerOf({ principal, territory }: FastifyRequest): Caller {
  if (!principal || !territory) throw new RangeError('asked who calls a public route');
  return { principal, territory };
}

export interface Caller {
  readonly principal: Principal;
  readonly territory: Territory;
}

async function readPrincipal(
  request: FastifyRequest,
  store: Store,
): Promise<Principal | undefined> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return token === undefined ? undefined : authenticate(databaseOf(store), token);
}
