/** Tenants read in the audit what they could not see itself: admins' webhooks, URLs included, and admins as users. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { startApi } from '../integration/api-harness.ts';
import type { ApiUnderTest } from '../integration/api-harness.ts';
import { createWorld } from '../integration/permission-world.ts';
import type { World } from '../integration/permission-world.ts';

let api: ApiUnderTest;
let world: World;
beforeAll(async () => {
  api = await startApi();
  world = await createWorld(api);
});
afterAll(() => api[Symbol.asyncDispose]());

async function whoSees(objectId: string): Promise<readonly string[]> {
  const { tokens } = world;
  const seen = await Promise.all(
    Object.entries({ Admin: api.token, ...tokens }).map(async ([role, token]) => {
      const headers = { authorization: `Bearer ${token}` };
      const path = `/v1/audit?objectId=${encodeURIComponent(objectId)}`;
      const { body } = await api.ask('GET', path, undefined, headers);
      return body.items.length > 0 ? [role] : [];
    }),
  );
  return seen.flat();
}

let count = 0;
async function makeWebhook(facts: object): Promise<string> {
  const payloadUrl = `https://receiver.example/secret/${(count += 1)}`;
  const { status, body } = await api.ask('POST', '/v1/webhooks', {
    name: 'w',
    payloadUrl,
    ...facts,
  });
  expect(status).toBe(201);
  return body.id;
}

it('tells of a Local webhook whoever may see it', async () => {
  const id = await makeWebhook({ accountId: 'own' });
  expect(await whoSees(id)).toEqual(['Admin', 'DomainAdmin', 'User']);
});

it('tells nobody but Admins of a Global webhook, nor of what is set for it', async () => {
  const id = await makeWebhook({});
  await world.run(
    `update webhook set account_id = 'own', domain_id = 'home', scope = 'Global' where id = '${id}'`,
  );
  await api.ask('PATCH', `/v1/webhooks/${id}`, { name: 'n' });
  const setting = { webhookId: id, name: 'webhook.delivery.backoff', value: '7' };
  expect((await api.ask('PUT', '/v1/settings', setting)).status).toBe(200);
  expect(await whoSees(id)).toEqual(['Admin']);
  const { body } = await api.ask('GET', '/v1/audit?limit=500', undefined, {
    authorization: `Bearer ${world.tokens.DomainAdmin}`,
  });
  expect(body.items.filter(({ after }) => after?.['scopeId'] === id)).toEqual([]);
});

it('tells nobody but Admins what a webhook was while it was Global', async () => {
  const { webhookId } = await world.make('lifted');
  await api.ask('PATCH', `/v1/webhooks/${webhookId}`, { scope: 'Local' });
  expect(await whoSees(webhookId)).toEqual(['Admin']);
});

it('tells the admins of a domain nothing of an admin’s webhook for their domain', async () => {
  const id = await makeWebhook({ scope: 'Domain', domainId: 'home' });
  expect(await whoSees(id)).toEqual(['Admin']);
});

it('tells nobody but Admins of a user who is one', async () => {
  const user = { username: 'root-of-own', password: 'a password', role: 'Admin', accountId: 'own' };
  expect((await api.ask('POST', '/v1/users', user)).status).toBe(201);
  await api.ask('POST', '/v1/users/root-of-own/keys');
  expect(await whoSees('root-of-own')).toEqual(['Admin']);
});
