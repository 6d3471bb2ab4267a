/**
 * Who may call what: every route of the API has a row, and one that has none stops the start.
 *
 * Which objects a role may see behind a route is the route's business; here is who may knock at all.
 */
import type { Role } from '../store/app-user.ts';

/** `public`: anybody, without a token. */
export type Permission = 'public' | readonly Role[];

const admins: Permission = ['Admin'];

const permissions: Readonly<Record<string, Permission>> = {
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /metrics': 'public',
  'GET /v1/openapi.json': 'public',
  'POST /v1/login': 'public',

  'GET /v1/webhooks': admins,
  'POST /v1/webhooks': admins,
  'GET /v1/webhooks/:id': admins,
  'PATCH /v1/webhooks/:id': admins,
  'DELETE /v1/webhooks/:id': admins,
  'GET /v1/webhooks/:id/filters': admins,
  'POST /v1/webhooks/:id/filters': admins,
  'GET /v1/webhooks/:id/filters/:filterId': admins,
  'DELETE /v1/webhooks/:id/filters/:filterId': admins,

  'GET /v1/deliveries': admins,
  'GET /v1/deliveries/:id': admins,
  'POST /v1/deliveries/:id/redeliver': admins,
  'GET /v1/events': admins,
  'GET /v1/events/:id': admins,
  'GET /v1/quarantine': admins,
  'GET /v1/quarantine/:id': admins,
  'DELETE /v1/quarantine/:id': admins,

  'GET /v1/domains': admins,
  'POST /v1/domains': admins,
  'POST /v1/domains/import': admins,
  'GET /v1/domains/:id': admins,
  'GET /v1/accounts': admins,
  'POST /v1/accounts': admins,
  'POST /v1/accounts/import': admins,
  'GET /v1/accounts/:id': admins,
  'GET /v1/directory': admins,
  'POST /v1/directory/sync': admins,
  'GET /v1/directory/unknown': admins,

  'GET /v1/users': admins,
  'POST /v1/users': admins,
  'PATCH /v1/users/:username': admins,
  'DELETE /v1/users/:username': admins,
  'GET /v1/tokens': admins,
  'POST /v1/tokens': admins,
  'DELETE /v1/tokens/:id': admins,

  'GET /v1/sources': admins,
  'POST /v1/sources/:name/pause': admins,
  'POST /v1/sources/:name/resume': admins,
};

/** @throws {RangeError} for a route without a row. */
export function permissionFor(method: string, url: string): Permission {
  // The documentation is a set of static files that says nothing the OpenAPI document does not.
  if ((method === 'GET' || method === 'HEAD') && /^\/docs(\/|$)/.test(url)) return 'public';
  const permission = permissions[`${method} ${url}`];
  if (permission === undefined)
    throw new RangeError(`${method} ${url} has no row in the permission table`);
  return permission;
}

export function isAllowed(permission: Permission, role: Role | undefined): boolean {
  return permission === 'public' || (role !== undefined && permission.includes(role));
}

/** The routes of the table, as `GET /v1/webhooks`. */
export function listPermissions(): readonly string[] {
  return Object.keys(permissions);
}
