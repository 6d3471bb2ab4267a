// A transaction whose connection died never gave it back, so ten restarts of PostgreSQL used up the pool for good.
import { sql } from 'kysely';
import { Client } from 'pg';
import { expect, it } from 'vitest';

import { openStore } from '../../src/store/connection/open.ts';
import { databaseOf, inTransaction } from '../../src/store/database.ts';
import { createTestDatabase } from '../service/shared.ts';

it('a transaction gives its connection back when the connection is dead', async () => {
  await using database = await createTestDatabase();
  const poolMax = 2;
  const store = await openStore(database.url, { poolMax });
  const killer = new Client(database.url);
  await killer.connect();
  try {
    for (let round = 0; round < poolMax + 1; round += 1) {
      const broken = inTransaction(store, async transaction => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(
          transaction,
        );
        await killer.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
        await sql`select 1`.execute(transaction);
      });
      await expect(broken).rejects.toThrow(/terminat|ECONNRESET|not queryable/);
    }
    const { rows } = await sql`select 1 as one`.execute(databaseOf(store));
    expect(rows).toEqual([{ one: 1 }]);
  } finally {
    await killer.end();
    await store.close();
  }
});
