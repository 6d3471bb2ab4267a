/** Behind a proxy everybody had its address: one who guessed passwords kept all others from logging in. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApi } from '../integration/api-harness.ts';
import type { ApiUnderTest } from '../integration/api-harness.ts';

/** @param via what the peer says of who is behind it. */
async function logIn({ app }: ApiUnderTest, password: string, via: string): Promise<number> {
  const { statusCode } = await app.inject({
    method: 'POST',
    url: '/v1/login',
    remoteAddress: '10.0.0.7',
    headers: { 'x-forwarded-for': via },
    payload: { username: 'admin', password },
  });
  return statusCode;
}

async function guess(api: ApiUnderTest, via: (tries: number) => string): Promise<number> {
  let status = 401;
  for (let tries = 0; tries < 12 && status === 401; tries += 1)
    status = await logIn(api, 'wrong', via(tries));
  return status;
}

describe('a proxy that is trusted', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi({ trustedProxies: ['10.0.0.0/24'] });
  });
  afterAll(() => api[Symbol.asyncDispose]());

  it('tells who asks, so that others are not held back with one who guesses', async () => {
    expect(await guess(api, () => '192.0.2.1')).toBe(429);
    expect(await logIn(api, 'correct horse', '192.0.2.2')).toBe(200);
  });

  it('is believed what it saw itself, not what a client claimed before', async () => {
    expect(await guess(api, tries => `198.51.100.${tries}, 192.0.2.3`)).toBe(429);
  });
});

describe('a peer that is not trusted', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api[Symbol.asyncDispose]());

  it('cannot guess from many addresses by claiming them', async () => {
    expect(await guess(api, tries => `192.0.2.${tries}`)).toBe(429);
  });
});
