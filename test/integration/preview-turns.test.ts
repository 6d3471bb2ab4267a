/** Previews take turns by account, and nobody waits for a client that has hung up. */
import { expect, it } from 'vitest';

import { Turns } from '../../src/event/turns.ts';
import { waitUntil } from '../service/wait-until.ts';
import { startApi } from './api-harness.ts';

it('a preview waits for its account’s turn, and leaves when its client hangs up', async () => {
  const previews = new Turns({ max: 2, ownerMax: 1 });
  await using api = await startApi({ previews });
  const { body } = await api.ask('GET', '/v1/accounts?name=admin');
  const owner = String(body.items[0]?.id);
  const held = Promise.withResolvers<void>();
  const holding = previews.take(owner, () => held.promise);
  const origin = await api.app.listen({ port: 0, host: '127.0.0.1' });
  const preview = async (signal: AbortSignal) =>
    fetch(`${origin}/v1/preview`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ format: 'cloudstack' }),
      signal,
    });
  const hangUp = new AbortController();
  const gone = preview(hangUp.signal).catch((error: unknown) => String(error));
  await waitUntil('a preview that waits', () => previews.waiting === 1);
  hangUp.abort();
  expect(await gone).toContain('abort');
  await waitUntil('nobody who waits', () => previews.waiting === 0);
  const next = preview(AbortSignal.timeout(30_000));
  held.resolve();
  await holding;
  expect((await next).status).toBe(200);
  expect(previews.isBusyFor(owner)).toBe(false);
  expect(api.logged.filter(line => line.includes('request.failed'))).toEqual([]);
});
