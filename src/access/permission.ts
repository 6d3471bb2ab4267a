/**
 * Who may call what, on whose objects: every route of the API and every command of CloudStack's has a row, and one
 * without a row stops the start.
 *
 * A role that a row does not name is refused (403). A role that it names gets the grant in the row, and objects outside of
 * the grant do not exist for the caller (404). `visibility.ts` derives from the grant and the caller which rows statements
 * select; `allows` in `session.ts` checks the scopes of tokens; `maySpecify` in `webhook/scope.ts` says which role may
 * give a webhook which scope, Global above all.
 */
import type { Role } from '../store/schema/access-words.ts';

/**
 * How far a role reaches on a route:
 *
 * - `everything`: all rows.
 * - `subtree`: the caller's domain and all below it, and whoever is in them.
 * - `account`: what belongs to the caller's own account.
 * - `self`: the caller's own person: tokens, password.
 */
export type Grant = 'everything' | 'subtree' | 'account' | 'self';

/** `public`: anybody, without a token. */
export type Permission = 'public' | Readonly<Partial<Record<Role, Grant>>>;

/** Routes of the installation: sources, the quarantine, the directory. */
const operator: Permission = { Admin: 'everything' };
/** Users: their admins. */
const admins: Permission = { Admin: 'everything', DomainAdmin: 'subtree' };
/** What tenants have, webhooks above all: everybody, each on their own. */
const tenants: Permission = { Admin: 'everything', DomainAdmin: 'subtree', User: 'account' };
/** Passwords and key pairs: the user, and the admins of the user. */
const keys: Permission = { Admin: 'everything', DomainAdmin: 'subtree', User: 'self' };
/** What everybody does for themselves alone. */
const person: Permission = { Admin: 'self', DomainAdmin: 'self', User: 'self' };

const permissions: Readonly<Record<string, Permission>> = {
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /metrics': 'public',
  // The console: files that say nothing of anybody.
  'GET /*': 'public',
  'GET /v1/openapi.json': 'public',
  'GET /openapi.json': 'public',
  'POST /v1/login': 'public',
  // Its requests prove who they are from in a way of their own; what its commands grant is said below.
  'GET /client/api': 'public',
  'POST /client/api': 'public',
  'GET /v1/login/methods': 'public',
  'GET /v1/oidc/login': 'public',
  'GET /v1/oidc/callback': 'public',
  'POST /v1/oidc/device': 'public',
  'POST /v1/oidc/device/token': 'public',

  'GET /v1/webhooks': tenants,
  'POST /v1/webhooks': tenants,
  'GET /v1/webhooks/:id': tenants,
  'GET /v1/webhooks/:id/health': tenants,
  'PATCH /v1/webhooks/:id': tenants,
  'DELETE /v1/webhooks/:id': tenants,
  'POST /v1/webhooks/:id/secret': tenants,
  'POST /v1/webhooks/:id/test': tenants,
  'POST /v1/webhooks/:id/redeliver': tenants,
  'POST /v1/test': tenants,
  'GET /v1/webhooks/:id/filters': tenants,
  'POST /v1/webhooks/:id/filters': tenants,
  'GET /v1/webhooks/:id/filters/:filterId': tenants,
  'DELETE /v1/webhooks/:id/filters/:filterId': tenants,
  'POST /v1/filters/preview': tenants,

  'GET /v1/formats': tenants,
  'POST /v1/preview': tenants,

  'GET /v1/deliveries': tenants,
  'GET /v1/deliveries/:id': tenants,
  'DELETE /v1/deliveries': tenants,
  'DELETE /v1/deliveries/:id': tenants,
  'POST /v1/deliveries/:id/redeliver': tenants,
  'POST /v1/events': operator,
  'GET /v1/events': tenants,
  'GET /v1/event-types': tenants,
  'GET /v1/events/:id': tenants,
  'GET /v1/events/:id/explain': tenants,
  'POST /v1/events/:id/deliver': tenants,
  'GET /v1/quarantine': operator,
  'GET /v1/quarantine/:id': operator,
  'DELETE /v1/quarantine/:id': operator,
  'POST /v1/quarantine/:id/retry': operator,

  'GET /v1/domains': tenants,
  'POST /v1/domains': operator,
  'POST /v1/domains/import': operator,
  'GET /v1/domains/:id': tenants,
  'GET /v1/accounts': tenants,
  'POST /v1/accounts': operator,
  'POST /v1/accounts/import': operator,
  'GET /v1/accounts/:id': tenants,
  'GET /v1/directory': operator,
  'POST /v1/directory/sync': operator,
  'GET /v1/directory/unknown': operator,

  'GET /v1/users': tenants,
  'POST /v1/users': admins,
  'PATCH /v1/users/:username': keys,
  'DELETE /v1/users/:username': admins,
  'GET /v1/users/:username/keys': keys,
  'POST /v1/users/:username/keys': keys,
  'DELETE /v1/users/:username/keys/:id': keys,
  'GET /v1/session': person,
  'POST /v1/logout': person,
  'GET /v1/tokens': person,
  'POST /v1/tokens': person,
  'DELETE /v1/tokens/:id': person,

  'GET /v1/stats': tenants,
  'GET /v1/audit': tenants,
  'GET /v1/settings': tenants,
  'PUT /v1/settings': tenants,
  'DELETE /v1/settings': tenants,

  /** The source's own token or signature opens it. */
  'POST /v1/in/:source': 'public',
  'OPTIONS /v1/in/:source': 'public',
  'GET /v1/sources': operator,
  'POST /v1/sources/:name/pause': operator,
  'POST /v1/sources/:name/resume': operator,
};

/** The commands of CloudStack's API. */
const commandPermissions: Readonly<Record<string, Exclude<Permission, 'public'>>> = {
  createWebhook: tenants,
  listWebhooks: tenants,
  updateWebhook: tenants,
  deleteWebhook: tenants,
  listWebhookDeliveries: tenants,
  deleteWebhookDelivery: tenants,
  executeWebhookDelivery: tenants,
  addWebhookFilter: tenants,
  listWebhookFilters: tenants,
  deleteWebhookFilter: tenants,
  listApis: person,
};

/** @throws {RangeError} for a command without a row. */
export function commandPermissionFor(command: string): Exclude<Permission, 'public'> {
  const permission = commandPermissions[command];
  if (permission === undefined)
    throw new RangeError(`${command} has no row in the permission table`);
  return permission;
}

/** The commands of the table. */
export function listCommandPermissions(): readonly string[] {
  return Object.keys(commandPermissions);
}

/** @throws {RangeError} for a route without a row. */
export function permissionFor(method: string, url: string): Permission {
  // The documentation is a set of static files that says nothing the OpenAPI document does not.
  if ((method === 'GET' || method === 'HEAD') && /^\/docs(\/|$)/.test(url)) return 'public';
  const permission = permissions[`${method} ${url}`];
  if (permission === undefined)
    throw new RangeError(`${method} ${url} has no row in the permission table`);
  return permission;
}

/** How far the role reaches by this row; undefined when it may not call the route at all. */
export function grantOf(permission: Exclude<Permission, 'public'>, role: Role): Grant | undefined {
  return permission[role];
}

/** The routes of the table, as `GET /v1/webhooks`. */
export function listPermissions(): readonly string[] {
  return Object.keys(permissions);
}
