/** A body of a few megabytes without a login took seconds of the event loop, and its answer was 27 MB of faults. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApi } from '../integration/api-harness.ts';
import type { ApiUnderTest } from '../integration/api-harness.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const keys = (count: number): string =>
  `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join()}}`;
const asJson = { 'content-type': 'application/json' };
const asAdmin = () => ({ ...asJson, authorization: `Bearer ${api.token}` });

describe('a request with many faults', () => {
  it.each(['/v1/login', '/v1/oidc/device/token'])(
    'is too large for %s, which anybody may ask',
    async path => {
      const { body } = await api.ask('POST', path, keys(10_000), asJson);
      expect(body).toMatchObject({ status: 413, code: 'body_too_large' });
    },
  );

  it('is told the first of them, where there are very many', async () => {
    const { body, text } = await api.ask('POST', '/v1/domains/import', keys(100_000), asAdmin());
    expect(body).toMatchObject({ status: 400, code: 'request_invalid' });
    expect(body.errors).toHaveLength(1);
    expect(text.length).toBeLessThan(1_000);
  });

  it('is told some of them, and how many there are besides', async () => {
    const { body } = await api.ask('POST', '/v1/tokens', keys(500), asAdmin());
    expect(body.errors).toHaveLength(50);
    expect(body.detail).toMatch(/; and 451 more$/);
  });

  it('is told all of them, where there are few', async () => {
    const wrong = { name: '', scopes: ['read', 'all'], expiresInDays: 0 };
    const { body } = await api.ask('POST', '/v1/tokens', wrong);
    expect(body.errors.map(({ path }) => path).toSorted()).toEqual([
      '/expiresInDays',
      '/name',
      '/scopes/1',
    ]);
  });
});

it('does not wait for a request for ever', () => {
  expect(api.app.server.requestTimeout).toBe(120_000);
});
