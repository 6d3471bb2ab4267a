/** A webhook that was Global once gave its owner everybody's past events, to read and to have delivered once more. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { startApi } from '../integration/api-harness.ts';
import type { ApiUnderTest } from '../integration/api-harness.ts';
import { createWorld } from '../integration/permission-world.ts';
import type { Objects, World } from '../integration/permission-world.ts';

let api: ApiUnderTest;
let world: World;
let objects: Objects;
let asUser: Record<string, string>;

beforeAll(async () => {
  api = await startApi();
  world = await createWorld(api);
  // A Global webhook of the account `own`, with a delivery of an event that is of no account.
  objects = await world.make('lifted');
  asUser = { authorization: `Bearer ${world.tokens.User}` };
  await api.ask('PATCH', `/v1/webhooks/${objects.webhookId}`, { scope: 'Local' });
});
afterAll(() => api[Symbol.asyncDispose]());

const ask = (method: 'GET' | 'POST' | 'DELETE', path: string) =>
  api.ask(method, path, undefined, asUser);

it('is its owner’s to see and change, once it is Local', async () => {
  const { body } = await ask('GET', `/v1/webhooks/${objects.webhookId}`);
  expect(body.id).toBe(objects.webhookId);
});

it('has none of them delivered once more, nor deleted, with many at once', async () => {
  const { webhookId } = objects;
  const choice = { from: '2020-01-01T00:00:00Z', state: 'failed' };
  const path = `/v1/webhooks/${webhookId}/redeliver`;
  const again = await api.ask('POST', path, choice, asUser);
  expect(again.body).toMatchObject({ count: 0 });
  const removed = await ask('DELETE', `/v1/deliveries?webhookId=${webhookId}`);
  expect(removed.body).toMatchObject({ count: 0 });
  const seenByAdmin = await api.ask('GET', `/v1/deliveries?webhookId=${webhookId}`);
  expect(seenByAdmin.body.items).toHaveLength(1);
  const byAdmin = await api.ask('POST', path, { ...choice, dryRun: true });
  expect(byAdmin.body).toMatchObject({ count: 0 });
});

it('has none of them delivered once more by an Admin, who cannot know that it was Global', async () => {
  const { webhookId, deliveryId } = objects;
  const again = async () => api.ask('POST', `/v1/deliveries/${deliveryId}/redeliver`);
  expect((await again()).body).toMatchObject({ status: 409, code: 'event_out_of_scope' });
  await api.ask('PATCH', `/v1/webhooks/${webhookId}`, { scope: 'Global' });
  expect((await again()).status).toBe(202);
  await api.ask('PATCH', `/v1/webhooks/${webhookId}`, { scope: 'Local' });
});

it('keeps the events of others from its owner', async () => {
  const list = await ask('GET', `/v1/deliveries?webhookId=${objects.webhookId}`);
  expect(list.body.items).toEqual([]);
  const { deliveryId } = objects;
  expect((await ask('GET', `/v1/deliveries/${deliveryId}`)).body.code).toBe('not_found');
  const again = await ask('POST', `/v1/deliveries/${deliveryId}/redeliver`);
  expect(again.body.code).toBe('not_found');
  expect((await api.ask('GET', `/v1/deliveries/${deliveryId}`)).status).toBe(200);
});
