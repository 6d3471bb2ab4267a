/** Tenants read in the audit what they could not see itself: admins' webhooks, URLs included, and admins as users. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { startApi } from '../integration/api-harness.ts';
import type { ApiUnderTest } from '../integration/api-harness.ts';
import { databaseOf } from '../../src/store/database.ts';
import { disableWebhook } from '../../src/store/webhook/webhook.ts';
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

it('tells of an account’s webhook for a domain the domain’s admins alone, whatever is done with it', async () => {
  const id = await makeWebhook({ accountId: 'own', scope: 'Domain', domainId: 'home' });
  await api.ask('PATCH', `/v1/webhooks/${id}`, { name: 'n' });
  await api.ask('POST', `/v1/webhooks/${id}/filters`, { value: 'VM.START' });
  await api.ask('POST', `/v1/webhooks/${id}/secret`, {});
  await api.ask('PUT', '/v1/settings', {
    webhookId: id,
    name: 'webhook.delivery.backoff',
    value: '7',
  });
  await disableWebhook(databaseOf(api.store), id, 'the receiver answered 410 Gone');
  const seenBy = async (token: string | undefined) =>
    (
      await api.ask('GET', '/v1/audit?limit=500', undefined, { authorization: `Bearer ${token}` })
    ).body.items.filter(entry => JSON.stringify(entry).includes(id));
  expect(await seenBy(world.tokens.User)).toEqual([]);
  const actions = (await seenBy(world.tokens.DomainAdmin)).map(({ action }) => action);
  expect(actions).toEqual((await seenBy(api.token)).map(({ action }) => action));
  expect(actions.length).toBeGreaterThanOrEqual(6);
});

it('tells those alone who could see a webhook before a change and after it', async () => {
  const id = await makeWebhook({ accountId: 'own', scope: 'Domain', domainId: 'home' });
  const change = async (values: object) => {
    expect((await api.ask('PATCH', `/v1/webhooks/${id}`, values)).status).toBe(200);
    const path = `/v1/audit?objectId=${id}&limit=1`;
    const [newest] = (await api.ask('GET', path)).body.items;
    const sees = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const { body } = await api.ask('GET', path, undefined, headers);
      return body.items.some(entry => entry.id === newest?.id);
    };
    const { tokens } = world;
    return { DomainAdmin: await sees(tokens.DomainAdmin), User: await sees(tokens.User) };
  };
  expect(await change({ scope: 'Local' })).toEqual({ DomainAdmin: true, User: false });
  expect(await change({ name: 'local' })).toEqual({ DomainAdmin: true, User: true });
  expect(await change({ scope: 'Domain', domainId: 'sub' })).toEqual({
    DomainAdmin: true,
    User: false,
  });
  expect(await change({ domainId: 'home' })).toEqual({ DomainAdmin: true, User: false });
  expect(await change({ domainId: 'parent' })).toEqual({ DomainAdmin: false, User: false });
  expect(await change({ domainId: 'foreign' })).toEqual({ DomainAdmin: false, User: false });
  expect(await change({ domainId: 'sub' })).toEqual({ DomainAdmin: false, User: false });
});

it('tells nobody but Admins that Hookline disabled a Global webhook', async () => {
  const { webhookId } = await world.make('lifted');
  await disableWebhook(databaseOf(api.store), webhookId, 'the receiver answered 410 Gone');
  expect(await whoSees(webhookId)).toEqual(['Admin']);
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
