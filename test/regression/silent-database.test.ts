// A server that took the connection and never answered was waited for without end and without a word.
import { createServer, type Socket } from 'node:net';

import { sql } from 'kysely';
import { expect, it } from 'vitest';

import { openStore } from '../../src/store/connection/open.ts';
import { databaseOf, inTransaction } from '../../src/store/database.ts';
import { takeOverLapsed } from '../../src/store/record/lease.ts';
import { startProxy } from '../e2e/proxy.ts';
import { join, openRecordHarness } from '../integration/record-harness.ts';
import { waitUntil } from '../service/wait-until.ts';
import { createTestDatabase } from '../service/shared.ts';

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

it('a statement whose answer never comes is an error, and leaves no connection behind', async () => {
  await using database = await createTestDatabase();
  await using proxy = await startProxy(database.url);
  const store = await openStore(proxy.url, { poolMax: 1, silenceMs: 500 });
  try {
    await sql`select 1`.execute(databaseOf(store));
    proxy.freeze();
    await expect(sql`select 2`.execute(databaseOf(store))).rejects.toThrow('has not answered');
    proxy.thaw();
    expect((await sql`select 3 as n`.execute(databaseOf(store))).rows).toEqual([{ n: 3 }]);
  } finally {
    await store.close();
  }
});

it('a process that stands still in a transaction is taken over all the same', async () => {
  await using harness = await openRecordHarness();
  const still = await openStore(harness.url, { poolMax: 1, silenceMs: 500 });
  try {
    const gone = await join(harness.store, -1_000);
    const standing = inTransaction(still, async database => {
      await sql`select from process where id = ${gone} for key share`.execute(database);
      expect(await takeOverLapsed(harness.store)).toEqual([]);
      await waitUntil('the take-over', async () => {
        return (await takeOverLapsed(harness.store)).length === 1;
      });
    });
    await expect(standing).rejects.toThrow(/connection/i);
  } finally {
    await still.close();
  }
});

it('the server gives a statement up before that', async () => {
  await using database = await createTestDatabase();
  const store = await openStore(database.url, { poolMax: 1, silenceMs: 500 });
  try {
    await expect(sql`select pg_sleep(10)`.execute(databaseOf(store))).rejects.toMatchObject({
      code: '57014',
    });
  } finally {
    await store.close();
  }
});
