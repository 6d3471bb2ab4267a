/** Strangers who opened connections and sent nothing took the files that deliveries need. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { startApi } from '../integration/api-harness.ts';

/** Whether the server keeps the connection, of which nothing but the beginning of a request is ever sent. */
async function isKept(socket: Socket): Promise<boolean> {
  const closed = once(socket.resume(), 'close').then(
    () => false,
    () => false,
  );
  socket.write('GET / HTTP/1.1\r\n');
  return Promise.race([closed, delay(1_000, true)]);
}

it('keeps no more connections than it may, and serves others once they are gone', async () => {
  await using api = await startApi({ connectionsMax: 5 });
  const origin = await api.app.listen({ port: 0, host: '127.0.0.1' });
  const port = Number(new URL(origin).port);
  const sockets = Array.from({ length: 12 }, () =>
    connect(port, '127.0.0.1').on('error', () => {}),
  );
  const kept = await Promise.all(sockets.map(isKept));
  expect(kept.filter(Boolean)).toHaveLength(5);
  expect(api.logged.filter(line => line.includes('api.connection_refused'))).toHaveLength(1);
  for (const socket of sockets) socket.destroy();
  await expect
    .poll(async () => (await fetch(`${origin}/healthz`).catch(() => undefined))?.status)
    .toBe(200);
});
