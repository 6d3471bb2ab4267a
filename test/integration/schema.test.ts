import { readdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { firstIdOf } from '../../src/store/schema/partition.ts';
import { migrate, migrateDown, migrationStatus } from '../../src/store/schema/migrate.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { type Store } from '../../src/store/database.ts';
import { dropPartitions, openPartitions } from '../../src/store/schema/partition.ts';
import { createDatabase } from '../service/postgres.ts';
import {
  createTestDatabase,
  sharedService,
  uniqueName,
  type TestDatabase,
} from '../service/shared.ts';

/** All of them, in order: each file of the folder is one. */
const migrations = readdirSync(resolve(import.meta.dirname, '../../migrations'))
  .toSorted()
  .map(file => basename(file, '.ts'));

/** An event id of that instant's day. */
const eventOf = (at: string): string => firstIdOf(Date.parse(at)).replace(/0$/, '1');

describe('the migrations', () => {
  it('leave no difference between the tables and the entities', async () => {
    await using database = await createTestDatabase();
    const store = await openStore(database.url);
    try {
      expect(await store.schema.getUpdateSchemaSQL({ wrap: false })).toBe('');
    } finally {
      await store.close();
    }
  });

  it('run once when several processes start together, and can be undone', async () => {
    const { url } = await sharedService('postgres');
    const name = uniqueName('migrate');
    await createDatabase(url, name, 'template1');
    const own = new URL(url);
    own.pathname = name;
    const stores = await Promise.all(Array.from({ length: 3 }, () => openStore(own.href)));
    try {
      const ran = await Promise.all(stores.map(store => migrate(store)));
      expect(ran.flat()).toEqual(migrations);
      const [store] = stores;
      if (!store) throw new RangeError('three stores are open');
      expect(await migrationStatus(store)).toEqual({
        executed: migrations,
        pending: [],
      });
      for (const _ of migrations) await migrateDown(store);
      expect(await migrationStatus(store)).toEqual({
        executed: [],
        pending: migrations,
      });
      const left = await store.em.fork()
        .execute(`select relname from pg_class c join pg_namespace n on n.oid = relnamespace
        where nspname = 'public' and relkind in ('r', 'p') union all
        select proname from pg_proc p join pg_namespace n on n.oid = pronamespace where nspname = 'public'`);
      expect(left).toEqual([{ relname: 'migration' }]);
    } finally {
      await Promise.all(stores.map(store => store.close()));
    }
  });
});

it('a database that another line of migrations has begun is refused, a newer one left alone', async () => {
  await using database = await createTestDatabase();
  const store = await openStore(database.url);
  try {
    const run = async (query: string) => store.em.fork().execute(query);
    await run(`insert into migration (name) values ('9999-later')`);
    expect(await migrate(store)).toEqual([]);
    await run(`delete from migration where name = '${migrations.at(-1)}'`);
    await expect(migrate(store)).rejects.toThrow(
      `it has 9999-later, which this one does not know, and lacks ${migrations.at(-1)}`,
    );
  } finally {
    await store.close();
  }
});

describe('with tables', () => {
  let database: TestDatabase;
  let store: Store;
  const run = async <T>(query: string): Promise<T[]> => store.em.fork().execute<T[]>(query);

  beforeAll(async () => {
    database = await createTestDatabase();
    store = await openStore(database.url);
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  it('a domain’s path follows its parents, however deep the move, and never into a ring', async () => {
    await run(
      `insert into domain (id, name, parent_id) values ('r', 'ROOT', null), ('a', 'A', 'r'), ('b', 'B', 'a'), ('c', 'C', 'b')`,
    );
    await run(`update domain set path = 'nonsense' where id = 'c'`);
    expect(await run(`select path from domain where id = 'c'`)).toEqual([{ path: '/r/a/b/c/' }]);
    await run(`update domain set parent_id = 'r' where id = 'b'`);
    expect(await run('select id, path from domain order by id')).toEqual([
      { id: 'a', path: '/r/a/' },
      { id: 'b', path: '/r/b/' },
      { id: 'c', path: '/r/b/c/' },
      { id: 'r', path: '/r/' },
    ]);
    await expect(run(`update domain set parent_id = 'c' where id = 'b'`)).rejects.toThrow(
      'below itself',
    );
    await expect(
      run(`insert into domain (id, name, parent_id) values ('x', 'X', 'x')`),
    ).rejects.toThrow('below itself');
  });

  it('a webhook written in plain SQL gets CloudStack’s defaults', async () => {
    await run(`insert into domain (id, name) values ('d', 'D')`);
    await run(`insert into account (id, name, domain_id) values ('acc', 'acc', 'd')`);
    await run(
      `insert into webhook (name, account_id, domain_id, payload_url) values ('w', 'acc', 'd', 'https://x.test/')`,
    );
    expect(await run('select state, scope, categories, ssl_verification from webhook')).toEqual([
      { state: 'Enabled', scope: 'Local', categories: ['ActionEvent'], ssl_verification: true },
    ]);
  });

  it('days are made ahead, and dropped whole once they are past', async () => {
    const now = new Date('2031-05-20T12:00:00Z');
    await openPartitions(store, now);
    await openPartitions(store, now);
    const days = async (): Promise<number> => {
      const rows = await run(
        `select relname from pg_class where relname like 'event_2031%' and relkind = 'r'`,
      );
      return rows.length;
    };
    expect(await days()).toBe(9);
    for (const at of ['2031-05-19T00:00:00Z', '2031-05-27T00:00:00Z']) {
      await run(
        `insert into event (id, process_id, source, event, body, owed) values ('${eventOf(at)}', 1, 's', 'E', '{}', '{}')`,
      );
    }
    await expect(
      run(
        `insert into event (id, process_id, source, event, body, owed) values ('${eventOf('2031-06-20T00:00:00Z')}', 1, 's', 'E', '{}', '{}')`,
      ),
    ).rejects.toThrow('no partition of relation');
    const gone = ['event', 'delivery', 'attempt'].map(table => `${table}_20310519`);
    const { dropped, busy } = await dropPartitions(store, new Date('2031-05-20T23:00:00Z'));
    expect(dropped.slice(-3)).toEqual(gone);
    expect(busy).toEqual([]);
    expect(await days()).toBe(8);
    expect(await run('select count(*)::int as n from event')).toEqual([{ n: 1 }]);
  });

  it('days are created while somebody reads, and one that is read is dropped later', async () => {
    const day = '2032-05-20';
    const reader = new Client(database.url);
    await reader.connect();
    try {
      await reader.query('begin');
      await reader.query('select from event, delivery, attempt limit 1');
      await openPartitions(store, new Date(`${day}T12:00:00Z`));
      const isBusy = await dropPartitions(store, new Date('2032-05-20T00:00:00Z'));
      expect(isBusy.busy).toContain('event_20320519');
      await reader.query('commit');
      const isFree = await dropPartitions(store, new Date('2032-05-20T00:00:00Z'));
      expect(isFree.dropped).toContain('event_20320519');
      expect(isFree.busy).toEqual([]);
    } finally {
      await reader.end();
    }
  });
});
