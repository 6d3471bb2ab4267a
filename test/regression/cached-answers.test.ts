/** Answers with tokens and tenants' data said nothing about caches, so one before the API could give them to others. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { startApi } from '../integration/api-harness.ts';
import type { ApiUnderTest } from '../integration/api-harness.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

it.each([
  ['GET', '/v1/session', undefined],
  ['GET', '/v1/users', undefined],
  ['GET', '/v1/nothing-here', undefined],
  ['POST', '/v1/login', { username: 'admin', password: 'correct horse' }],
  ['POST', '/v1/login', { username: 'admin', password: 'wrong' }],
  ['POST', '/v1/users/admin/keys', undefined],
] as const)('%s %s is not to be kept by anybody', async (method, path, body) => {
  const { headers } = await api.ask(method, path, body);
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
});

it('lets the one who asked keep a webhook, whose tag tells whether it is the present one', async () => {
  const made = await api.ask('POST', '/v1/webhooks', { name: 'w', payloadUrl: 'https://r/x' });
  const { headers } = await api.ask('GET', `/v1/webhooks/${made.body.id}`);
  expect(headers['etag']).toBeDefined();
  expect(headers['cache-control']).toBe('private, no-cache');
});
