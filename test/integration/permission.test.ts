/**
 * Walks every route of the permission table × every role × objects everywhere. A route that is added without saying
 * here what it reaches fails the first test.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  listPermissions,
  permissionFor,
  grantOf,
  type Grant,
} from '../../src/access/permission.ts';
import { roles, type Role } from '../../src/store/schema/access-words.ts';
import { databaseOf } from '../../src/store/database.ts';
import { claimSync } from '../../src/store/directory/sync-state.ts';
import type { Intake } from '../../src/source/intake.ts';
import { createHttpSource } from '../../src/source/http.ts';
import { startApi } from './api-harness.ts';
import { silent } from './record-harness.ts';
import type { Answer, AnswerBody, ApiUnderTest } from './api-harness.ts';
import { createWorld, nothing, relations } from './permission-world.ts';
import type { Objects, Relation, World } from './permission-world.ts';

let api: ApiUnderTest;
let world: World;
let running: Promise<void>;
const stopping = new AbortController();
const source = createHttpSource({
  name: 'api',
  batchMax: 10,
  waitingMax: 10,
  waitMs: 10_000,
  log: silent,
});
const intake: Intake = {
  name: source.name,
  accept: source.accept,
  bodyBytesMax: 1_000,
  idempotencyHeader: 'idempotency-key',
  origins: [],
  status: 202,
};
beforeAll(async () => {
  api = await startApi({ intakes: () => [intake] });
  running = source.run(async ({ messages, tell }) => {
    for (const message of messages) tell?.(message, { kind: 'dropped' });
  }, stopping.signal);
  world = await createWorld(api);
  await claimSync(databaseOf(api.store), { kind: 'cloudstack', claimMs: 600_000 });
});
afterAll(async () => {
  stopping.abort();
  await running;
  await api[Symbol.asyncDispose]();
});

/** Which objects each grant has. */
const reached: Record<Grant, readonly Relation[]> = {
  everything: relations,
  subtree: ['own', 'peer', 'sub'],
  account: ['own'],
  self: [],
};

type Request = readonly [path: string, body?: object];

/** How a route is asked about an object, and what it answers when that is out of reach. */
type Recipe =
  | {
      readonly kind: 'object';
      readonly of: keyof Objects;
      readonly ask: (of: Objects) => Request;
      readonly refusal?: string;
    }
  /** Lists exactly what is in reach. */
  | {
      readonly kind: 'list';
      readonly ask: Request;
      readonly id: keyof AnswerBody;
      readonly of: keyof Objects;
    }
  /** About the installation, or the caller's own person: there is no object. */
  | { readonly kind: 'plain'; readonly ask: Request; readonly missing?: boolean };

const object = (
  of: keyof Objects,
  request: (of: Objects) => Request,
  refusal?: string,
): Recipe => ({ kind: 'object', of, ask: request, ...(refusal !== undefined && { refusal }) });
const list = (path: string, of: keyof Objects, id: keyof AnswerBody = 'id'): Recipe => ({
  kind: 'list',
  ask: [`${path}?limit=500`],
  id,
  of,
});
const plain = (path: string, body?: object): Recipe => ({
  kind: 'plain',
  ask: body ? [path, body] : [path],
});
/** The role may ask; the thing is not there. */
const absent = (path: string): Recipe => ({ kind: 'plain', ask: [path], missing: true });

let count = 0;
const unique = (): string => `x${(count += 1)}`;

const recipes: Record<string, Recipe> = {
  'GET /v1/webhooks': list('/v1/webhooks', 'webhookId'),
  'POST /v1/webhooks': object(
    'accountId',
    ({ accountId }) => [
      '/v1/webhooks',
      { name: 'w', payloadUrl: `https://r/${unique()}`, accountId },
    ],
    'account_invalid',
  ),
  'GET /v1/webhooks/:id': object('webhookId', ({ webhookId }) => [`/v1/webhooks/${webhookId}`]),
  'GET /v1/webhooks/:id/health': object('webhookId', ({ webhookId }) => [
    `/v1/webhooks/${webhookId}/health`,
  ]),
  'PATCH /v1/webhooks/:id': object('webhookId', ({ webhookId }) => [
    `/v1/webhooks/${webhookId}`,
    { name: 'n' },
  ]),
  'DELETE /v1/webhooks/:id': object('webhookId', ({ webhookId }) => [`/v1/webhooks/${webhookId}`]),
  'POST /v1/webhooks/:id/secret': object('webhookId', ({ webhookId }) => [
    `/v1/webhooks/${webhookId}/secret`,
    {},
  ]),
  'POST /v1/webhooks/:id/test': object('webhookId', ({ webhookId }) => [
    `/v1/webhooks/${webhookId}/test`,
    {},
  ]),
  'POST /v1/webhooks/:id/redeliver': object('webhookId', ({ webhookId }) => [
    `/v1/webhooks/${webhookId}/redeliver`,
    { from: '2026-01-01T00:00:00Z' },
  ]),
  'POST /v1/test': object(
    'accountId',
    ({ accountId }) => ['/v1/test', { payloadUrl: 'http://r:1/', accountId }],
    'account_invalid',
  ),
  'GET /v1/webhooks/:id/filters': object('webhookId', ({ webhookId }) => [
    `/v1/webhooks/${webhookId}/filters`,
  ]),
  'POST /v1/webhooks/:id/filters': object('webhookId', ({ webhookId }) => [
    `/v1/webhooks/${webhookId}/filters`,
    { value: 'B' },
  ]),
  'GET /v1/webhooks/:id/filters/:filterId': object('webhookId', ({ webhookId, filterId }) => [
    `/v1/webhooks/${webhookId}/filters/${filterId}`,
  ]),
  'DELETE /v1/webhooks/:id/filters/:filterId': object('webhookId', ({ webhookId, filterId }) => [
    `/v1/webhooks/${webhookId}/filters/${filterId}`,
  ]),

  'GET /v1/deliveries': list('/v1/deliveries', 'deliveryId'),
  'GET /v1/deliveries/:id': object('deliveryId', ({ deliveryId }) => [
    `/v1/deliveries/${deliveryId}`,
  ]),
  'DELETE /v1/deliveries': object('webhookId', ({ webhookId }) => [
    `/v1/deliveries?webhookId=${webhookId}`,
  ]),
  'DELETE /v1/deliveries/:id': object('deliveryId', ({ deliveryId }) => [
    `/v1/deliveries/${deliveryId}`,
  ]),
  'POST /v1/events/:id/deliver': object('eventId', ({ eventId, webhookId }) => [
    `/v1/events/${eventId}/deliver`,
    { webhookId, ignoreFilters: true },
  ]),
  'POST /v1/deliveries/:id/redeliver': object('deliveryId', ({ deliveryId }) => [
    `/v1/deliveries/${deliveryId}/redeliver`,
    {},
  ]),
  'GET /v1/events': list('/v1/events', 'eventId'),
  'GET /v1/event-types': plain('/v1/event-types'),
  'POST /v1/events': plain('/v1/events', { event: 'x' }),
  'GET /v1/events/:id': object('eventId', ({ eventId }) => [`/v1/events/${eventId}`]),
  'GET /v1/events/:id/explain': object('eventId', ({ eventId }) => [
    `/v1/events/${eventId}/explain`,
  ]),
  'GET /v1/quarantine': plain('/v1/quarantine'),
  'GET /v1/quarantine/:id': absent(`/v1/quarantine/${nothing}`),
  'DELETE /v1/quarantine/:id': absent(`/v1/quarantine/${nothing}`),

  'POST /v1/quarantine/:id/retry': absent(`/v1/quarantine/${nothing}/retry`),

  'GET /v1/domains': list('/v1/domains', 'domainId'),
  'POST /v1/domains': plain('/v1/domains', { name: 'new' }),
  'POST /v1/domains/import': plain('/v1/domains/import', { items: [] }),
  'GET /v1/domains/:id': object('domainId', ({ domainId }) => [`/v1/domains/${domainId}`]),
  'GET /v1/accounts': list('/v1/accounts', 'accountId'),
  'POST /v1/accounts': plain('/v1/accounts', { name: 'new', domainId: 'home' }),
  'POST /v1/accounts/import': plain('/v1/accounts/import', { items: [] }),
  'GET /v1/accounts/:id': object('accountId', ({ accountId }) => [`/v1/accounts/${accountId}`]),

  'GET /v1/directory': plain('/v1/directory'),
  'POST /v1/directory/sync': plain('/v1/directory/sync', {}),
  'GET /v1/directory/unknown': plain('/v1/directory/unknown'),

  'GET /v1/users': list('/v1/users', 'username', 'username'),
  'POST /v1/users': object(
    'accountId',
    ({ accountId }) => ['/v1/users', { username: unique(), password: 'password', accountId }],
    'account_invalid',
  ),
  'PATCH /v1/users/:username': object('username', ({ username }) => [
    `/v1/users/${username}`,
    { password: 'password' },
  ]),
  'DELETE /v1/users/:username': object('username', ({ username }) => [`/v1/users/${username}`]),
  'GET /v1/users/:username/keys': object('username', ({ username }) => [
    `/v1/users/${username}/keys`,
  ]),
  'POST /v1/users/:username/keys': object('username', ({ username }) => [
    `/v1/users/${username}/keys`,
    {},
  ]),
  'DELETE /v1/users/:username/keys/:id': object('username', ({ username, keyId }) => [
    `/v1/users/${username}/keys/${keyId}`,
  ]),
  'GET /v1/session': plain('/v1/session'),
  'POST /v1/logout': plain('/v1/logout', {}),
  'GET /v1/tokens': list('/v1/tokens', 'tokenId'),
  'POST /v1/tokens': plain('/v1/tokens', { name: 't' }),
  'DELETE /v1/tokens/:id': object('tokenId', ({ tokenId }) => [`/v1/tokens/${tokenId}`]),

  'GET /v1/formats': plain('/v1/formats'),
  'POST /v1/preview': plain('/v1/preview', {}),
  'POST /v1/filters/preview': object('webhookId', ({ webhookId }) => [
    '/v1/filters/preview',
    { webhookId },
  ]),

  'GET /v1/audit': list('/v1/audit', 'changedId', 'objectId'),
  'GET /v1/stats': plain('/v1/stats'),
  'GET /v1/settings': object('webhookId', ({ webhookId }) => [
    `/v1/settings?webhookId=${webhookId}`,
  ]),
  'PUT /v1/settings': object('webhookId', ({ webhookId }) => [
    '/v1/settings',
    { webhookId, name: 'webhook.delivery.backoff', value: '1,2' },
  ]),
  'DELETE /v1/settings': object('webhookId', ({ webhookId }) => [
    `/v1/settings?webhookId=${webhookId}&name=webhook.delivery.backoff`,
  ]),

  'GET /v1/sources': plain('/v1/sources'),
  'POST /v1/sources/:name/pause': absent('/v1/sources/none/pause'),
  'POST /v1/sources/:name/resume': absent('/v1/sources/none/resume'),
};

/** An account or a domain is the same one for `lifted` as for `own`, and for `peer` the same domain. */
function isWithin(grant: Grant, kind: keyof Objects, relation: Relation): boolean {
  const isHome = relation === 'lifted' || (kind === 'domainId' && relation === 'peer');
  const isPlace = kind === 'domainId' || kind === 'accountId';
  return reached[grant].includes(isPlace && isHome ? 'own' : relation);
}

const outcomeOf = ({ status, body }: Answer): string => (status < 300 ? 'done' : body.code);

const isProtected = (route: string): boolean => {
  const [method = '', url = ''] = route.split(' ');
  return permissionFor(method, url) !== 'public';
};
const protectedRoutes = listPermissions().filter(isProtected);

function grantFor(route: string, role: Role): Grant | undefined {
  const [method = '', url = ''] = route.split(' ');
  const permission = permissionFor(method, url);
  if (permission === 'public') throw new RangeError(`${route} is public`);
  return grantOf(permission, role);
}

async function ask(route: string, role: Role, [path, body]: Request): Promise<Answer> {
  const [method = ''] = route.split(' ');
  const token = role === 'Admin' ? api.token : world.tokens[role];
  if (!isMethod(method)) throw new RangeError(method);
  return api.ask(method, path, body, { authorization: `Bearer ${token}` });
}

const isMethod = (method: string): method is 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE' =>
  ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'].includes(method);

it('has a recipe for every route that is not public', () => {
  expect(Object.keys(recipes).toSorted()).toEqual(protectedRoutes.toSorted());
});

const cases = protectedRoutes.flatMap(route => {
  const recipe = recipes[route];
  return recipe ? roles.map(role => ({ route, role, recipe, grant: grantFor(route, role) })) : [];
});
const refused = cases.filter(({ grant }) => grant === undefined);
const plainCases = cases.flatMap(({ route, role, recipe, grant }) =>
  grant !== undefined && recipe.kind === 'plain' ? [{ route, role, recipe }] : [],
);
const listCases = cases.flatMap(({ route, role, recipe, grant }) =>
  grant !== undefined && recipe.kind === 'list' ? [{ route, role, recipe, grant }] : [],
);
const objectCases = cases.flatMap(({ route, role, recipe, grant }) =>
  grant !== undefined && recipe.kind === 'object'
    ? relations.map(relation => ({ route, role, recipe, relation, grant }))
    : [],
);

const someRequest = async (recipe: Recipe): Promise<Request> =>
  recipe.kind === 'object' ? recipe.ask(await world.make('own')) : recipe.ask;

it.each(protectedRoutes)('%s is closed to whoever is not logged in', async route => {
  const [method = ''] = route.split(' ');
  const recipe = recipes[route];
  if (!recipe || !isMethod(method)) throw new RangeError(route);
  const [path, body] = await someRequest(recipe);
  expect((await api.ask(method, path, body, {})).body.code).toBe('unauthenticated');
});

it.each(refused)('$route is refused to $role', async ({ route, role, recipe }) => {
  expect(outcomeOf(await ask(route, role, await someRequest(recipe)))).toBe('forbidden');
});

it.each(plainCases)('$route answers $role', async ({ route, role, recipe }) => {
  const outcome = outcomeOf(await ask(route, role, recipe.ask));
  expect(outcome).toBe(recipe.missing === true ? 'not_found' : 'done');
});

it.each(listCases)(
  '$route lists to $role what is in reach, and nothing else',
  async ({ route, role, recipe, grant }) => {
    const made = await Promise.all(
      relations.map(async relation => ({ relation, objects: await world.make(relation) })),
    );
    const answer = await ask(route, role, recipe.ask);
    const listed = new Set(answer.body.items.map(item => item[recipe.id]));
    for (const { relation, objects } of made) {
      const within = isWithin(grant, recipe.of, relation);
      expect.soft(listed.has(objects[recipe.of]), relation).toBe(within);
    }
  },
);

it.each(objectCases)(
  '$route treats what is $relation for $role as the table says',
  async ({ route, role, recipe, relation, grant }) => {
    const answer = await ask(route, role, recipe.ask(await world.make(relation)));
    const within = isWithin(grant, recipe.of, relation);
    expect(outcomeOf(answer)).toBe(within ? 'done' : (recipe.refusal ?? 'not_found'));
  },
);

/** These change nothing that is set but the caller's own session. */
const unnoted = [
  'POST /v1/logout',
  'POST /v1/preview',
  'POST /v1/filters/preview',
  'POST /v1/events',
];
/** Only one's own: see api-audit.test.ts. */
const personal = ['DELETE /v1/tokens/:id'];
const writes = cases.filter(
  ({ route, role, recipe }) =>
    role === 'Admin' &&
    !route.startsWith('GET') &&
    ![...unnoted, ...personal].includes(route) &&
    !(recipe.kind === 'plain' && recipe.missing),
);

const countChanges = async () => (await world.run('select id from audit')).length;

it.each(writes)('$route leaves a row in the audit', async ({ route, role, recipe }) => {
  const wanted = await someRequest(recipe);
  const before = await countChanges();
  expect(outcomeOf(await ask(route, role, wanted))).toBe('done');
  expect(await countChanges()).toBe(before + 1);
});

describe('a person', () => {
  it.each(['DomainAdmin', 'User'] as const)('who is %s changes their own password', async role => {
    const request = [`/v1/users/${world.names[role]}`, { password: 'new password' }] as const;
    const { status } = await ask('PATCH /v1/users/:username', role, request);
    expect(status).toBe(204);
  });
});
