// A server that took the connection and never answered was waited for without end and without a word.
import { createServer, type Socket } from 'node:net';

import { sql } from 'kysely';
import { expect, it } from 'vitest';

import { openStore } from '../../src/store/open.ts';
import { databaseOf } from '../../src/store/database.ts';

it('a database that takes connections and never answers is an error, for every one who asks', async () => {
  const sockets = new Set<Socket>();
  const server = createServer(socket => sockets.add(socket));
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const store = await openStore(`postgresql://nobody@127.0.0.1:${port}/none`, { poolMax: 1 });
  try {
    const asking = Array.from({ length: 2 }, () => sql`select 1`.execute(databaseOf(store)));
    const answers = await Promise.allSettled(asking);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 'rejected',
        reason: { message: expect.stringMatching(/timeout/) },
      });
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await store.close();
  }
});
