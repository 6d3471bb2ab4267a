/**
 * Walks every command of CloudStack's API × every role × objects everywhere, as permission.test.ts walks the routes. A
 * command that is added without saying here what it reaches fails the first test.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';

import {
  commandPermissionFor,
  listCommandPermissions,
  grantOf,
  type Grant,
} from '../../src/access/permission.ts';
import { roles, type Role } from '../../src/store/schema/access-words.ts';
import { startApi, type ApiUnderTest } from './api-harness.ts';
import { ask, makePair, type Pair, type Params } from './cloudstack-harness.ts';
import { createWorld, relations } from './permission-world.ts';
import type { Objects, Relation, World } from './permission-world.ts';

let api: ApiUnderTest;
let world: World;
let pairs: Record<Role, Pair>;
beforeAll(async () => {
  api = await startApi();
  world = await createWorld(api);
  pairs = {
    Admin: await makePair(api, 'admin'),
    DomainAdmin: await makePair(api, world.names.DomainAdmin),
    User: await makePair(api, world.names.User),
  };
});
afterAll(() => api[Symbol.asyncDispose]());

/** Which objects each grant has. */
const reached: Record<Grant, readonly Relation[]> = {
  everything: relations,
  subtree: ['own', 'peer', 'sub'],
  account: ['own'],
  self: [],
};

let made = 0;

/** How a command is asked about an object, and whether its answer shows or touched it. */
interface Recipe {
  readonly ask: (of: Objects) => Params;
  /** A query that finds a row when the object was touched; else the answer names what the function gives. */
  readonly touched?: (of: Objects) => string;
  readonly shown?: (of: Objects) => string;
}

const recipes: Record<string, Recipe> = {
  createWebhook: {
    ask: ({ accountId, domainId }) => ({
      name: 'made',
      payloadurl: `http://r/${(made += 1)}`,
      account: accountId,
      domainid: domainId,
    }),
    touched: ({ accountId }) =>
      `select from webhook where name = 'made' and payload_url = 'http://r/${made}' and account_id = '${accountId}'`,
  },
  listWebhooks: {
    ask: ({ webhookId }) => ({ id: webhookId }),
    shown: ({ webhookId }) => webhookId,
  },
  updateWebhook: {
    ask: ({ webhookId }) => ({ id: webhookId, name: 'changed' }),
    touched: ({ webhookId }) =>
      `select from webhook where id = '${webhookId}' and name = 'changed'`,
  },
  deleteWebhook: {
    ask: ({ webhookId }) => ({ id: webhookId }),
    touched: ({ webhookId }) => gone('webhook', webhookId),
  },
  listWebhookDeliveries: {
    ask: () => ({}),
    shown: ({ deliveryId }) => deliveryId,
  },
  deleteWebhookDelivery: {
    ask: ({ webhookId }) => ({ webhookid: webhookId }),
    touched: ({ deliveryId }) => gone('delivery', deliveryId),
  },
  executeWebhookDelivery: {
    ask: ({ webhookId }) => ({ webhookid: webhookId }),
    touched: ({ webhookId }) =>
      `select from audit where action = 'webhook.tested' and object_id = '${webhookId}'`,
  },
  addWebhookFilter: {
    ask: ({ webhookId }) => ({ webhookid: webhookId, value: 'B' }),
    touched: ({ webhookId }) =>
      `select from webhook_filter where webhook_id = '${webhookId}' and value = 'B'`,
  },
  listWebhookFilters: { ask: () => ({}), shown: ({ filterId }) => filterId },
  deleteWebhookFilter: {
    ask: ({ filterId }) => ({ id: filterId }),
    touched: ({ filterId }) => gone('webhook_filter', filterId),
  },
};

const gone = (table: string, id: string): string =>
  `select where not exists (select from ${table} where id = '${id}')`;

/** About nobody's object. */
const plain = ['listApis'];

it('has a recipe for every command', () => {
  expect([...Object.keys(recipes), ...plain].toSorted()).toEqual(
    listCommandPermissions().toSorted(),
  );
});

/** A new webhook may be made for whoever is in reach; `lifted` is the same account as `own`. */
const isWithin = (command: string, grant: Grant, relation: Relation): boolean =>
  reached[grant].includes(command === 'createWebhook' && relation === 'lifted' ? 'own' : relation);

const cases = Object.entries(recipes).flatMap(([command, recipe]) =>
  roles.flatMap(role =>
    relations.map(relation => ({
      command,
      recipe,
      role,
      relation,
      grant: grantOf(commandPermissionFor(command), role) ?? ('self' as const),
    })),
  ),
);

it.each(cases)(
  '$command by $role with an object of $relation',
  async ({ command, recipe, role, relation, grant }) => {
    const objects = await world.make(relation);
    await world.run(
      `update delivery set started_at = now(), duration_ms = 1 where id = '${objects.deliveryId}'`,
    );
    const { text } = await ask(api, pairs[role], command, recipe.ask(objects));
    const found = recipe.touched
      ? (await world.run(recipe.touched(objects))).length > 0
      : text.includes(recipe.shown?.(objects) ?? '');
    expect(found).toBe(isWithin(command, grant, relation));
  },
);
