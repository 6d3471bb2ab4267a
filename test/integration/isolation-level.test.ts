/** Two changes of one row at a time, in databases whose default is another isolation level than the statements are written for. */
import { sql } from 'kysely';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';

import { openRequestStore, openStore } from '../../src/store/connection/open.ts';
import { databaseOf, inTransaction, type Store } from '../../src/store/database.ts';
import { createTestDatabase } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';

const count = sql`update setting set value = (value::int + 1)::text`;

const stores: [string, (url: string) => Promise<Store>][] = [
  ['for recording', async url => openStore(url)],
  ['for requests', async url => openRequestStore(url, { poolMax: 3, statementMs: 60_000 })],
];

describe.each(['serializable', 'repeatable read'])('where the default is %s', level => {
  it.each(stores)(
    'a change waits for another one and follows it: connections %s',
    async (_, open) => {
      await using database = await createTestDatabase();
      const client = new Client(database.url);
      await client.connect();
      const name = client.escapeIdentifier(new URL(database.url).pathname.slice(1));
      await client.query(`alter database ${name} set default_transaction_isolation = '${level}'`);
      await client.query(
        `insert into setting (scope, scope_id, name, value) values ('global', '', 'x', '0')`,
      );
      const store = await open(database.url);
      try {
        await client.query('begin isolation level read committed');
        await client.query(`update setting set value = '10'`);
        const changes = Promise.all([
          count.execute(databaseOf(store)),
          inTransaction(store, async one => {
            await sql`select`.execute(one);
            await count.execute(one);
          }),
        ]);
        await waitUntil('both to wait', async () => {
          // A transaction sees one state of the statistics otherwise.
          await client.query('select pg_stat_clear_snapshot()');
          const { rows } = await client.query(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          );
          return rows.length === 2;
        });
        await client.query('commit');
        await changes;
        expect((await client.query('select value from setting')).rows).toEqual([{ value: '12' }]);
      } finally {
        await store.close();
        await client.end();
      }
    },
  );

  it('a transaction states its level where a pooler has lost the settings of the session', async () => {
    await using database = await createTestDatabase();
    const client = new Client(database.url);
    await client.connect();
    const name = client.escapeIdentifier(new URL(database.url).pathname.slice(1));
    await client.query(`alter database ${name} set default_transaction_isolation = '${level}'`);
    await client.end();
    const store = await openStore(database.url, { poolMax: 1 });
    try {
      await sql`reset all`.execute(databaseOf(store));
      const shown = await inTransaction(store, one =>
        sql<object>`show transaction_isolation`.execute(one),
      );
      expect(shown.rows).toEqual([{ transaction_isolation: 'read committed' }]);
    } finally {
      await store.close();
    }
  });
});
