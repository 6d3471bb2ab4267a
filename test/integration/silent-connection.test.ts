/**
 * Connections to a database that fall silent: its machine is gone, nobody says so, and the address leads to the promoted
 * standby. Statements that merely take their time are left alone.
 */
import { performance } from 'node:perf_hooks';

import { sql } from 'kysely';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';

import { listen } from '../../src/store/connection/listener.ts';
import { openRequestStore, openStore } from '../../src/store/connection/open.ts';
import { databaseOf, inTransaction, type Store } from '../../src/store/database.ts';
import { openMovingAddress } from '../service/moving-address.ts';
import { startPostgresPair } from '../service/postgres-pair.ts';
import { createTestDatabase } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';

/** Promised are ten seconds; a statement that was sent before and a heartbeat come on top of nothing. */
const leftMsMax = 10_000;

const ask = async (store: Store): Promise<unknown> =>
  (await sql`select pg_is_in_recovery() as standby`.execute(databaseOf(store))).rows[0];

const openStores = (url: string): Promise<Store[]> =>
  Promise.all([openStore(url), openRequestStore(url, { poolMax: 3, statementMs: 10_000 })]);

describe.concurrent('connections that fall silent', () => {
  it('are left for the promoted standby, whether they wait for an answer, are idle, or listen', async () => {
    await using pair = await startPostgresPair({ isSynchronous: true });
    const stores = await openStores(pair.url());
    try {
      // Several connections each, most of them idle in the end, and one in a transaction.
      await Promise.all(stores.flatMap(store => [ask(store), ask(store), ask(store)]));
      const [store] = stores;
      if (!store) throw new RangeError('two stores are open');
      const { promise: isSilent, resolve: fallSilent } = Promise.withResolvers<void>();
      const inMidst = inTransaction(store, async one => {
        await sql`select`.execute(one);
        await isSilent;
        await sql`select`.execute(one);
      });
      const listener = await listen(pair.url(), () => {});
      pair.address.silence();
      await pair.primary.kill();
      await pair.promote();
      pair.leadTo(pair.standby);
      const startedAtMs = performance.now();
      fallSilent();
      const took = new Map<string, number>();
      const note = (what: string): void =>
        void took.set(what, Math.round(performance.now() - startedAtMs));
      const untilAnswered = async (one: Store, what: string): Promise<void> => {
        await waitUntil('an answer of the standby', async () => ask(one).catch(() => undefined));
        note(what);
      };
      await Promise.all([
        ...stores.map((one, index) => untilAnswered(one, `store ${index + 1}`)),
        inMidst.catch(() => note('transaction')),
        listener.ended.catch(() => note('listener')),
      ]);
      process.stdout.write(`left after, in milliseconds: ${JSON.stringify([...took])}\n`);
      expect(took.size).toBe(4);
      expect(Math.max(...took.values())).toBeLessThan(leftMsMax);
      // No idle connection of before is left that the next statement would have to wait for.
      const beganAtMs = performance.now();
      await Promise.all(stores.flatMap(one => [ask(one), ask(one), ask(one)]));
      expect(performance.now() - beganAtMs).toBeLessThan(2_000);
    } finally {
      await Promise.all(stores.map(store => store.close()));
    }
  });

  it('are left when nobody is there at all', async () => {
    await using database = await createTestDatabase();
    await using address = await openMovingAddress(Number(new URL(database.url).port));
    const url = address.of(database.url);
    const stores = await openStores(url);
    try {
      await Promise.all(stores.map(ask));
      const listener = await listen(url, () => {});
      address.silence();
      const startedAtMs = performance.now();
      await Promise.all([
        ...stores.map(store => expect(ask(store)).rejects.toThrow(/has not answered/)),
        expect(listener.ended).rejects.toThrow(/has not answered/),
      ]);
      expect(performance.now() - startedAtMs).toBeLessThan(leftMsMax);
      address.moveTo(Number(new URL(database.url).port));
      for (const store of stores) expect(await ask(store)).toEqual({ standby: false });
    } finally {
      await Promise.all(stores.map(store => store.close()));
    }
  });

  it('are left when only the answer is lost, and the server is well', async () => {
    await using database = await createTestDatabase();
    await using address = await openMovingAddress(Number(new URL(database.url).port));
    const store = await openStore(address.of(database.url), { poolMax: 1 });
    try {
      await ask(store);
      const startedAtMs = performance.now();
      const asked = sql`select pg_sleep(1)`.execute(databaseOf(store));
      address.silence();
      address.moveTo(Number(new URL(database.url).port));
      await expect(asked).rejects.toThrow(/PostgreSQL/);
      expect(performance.now() - startedAtMs).toBeLessThan(leftMsMax);
      expect(await ask(store)).toEqual({ standby: false });
    } finally {
      await store.close();
    }
  });
});

describe.concurrent('a connection that is not silent for nothing', () => {
  it('is left alone while its statement waits for a lock, or works, longer than that', async () => {
    await using database = await createTestDatabase();
    const client = new Client(database.url);
    await client.connect();
    const store = await openStore(database.url, { poolMax: 3 });
    try {
      await client.query('begin');
      await client.query('lock table setting');
      const done: string[] = [];
      const all = Promise.all([
        sql`select from setting`.execute(databaseOf(store)).then(() => done.push('lock')),
        sql`select pg_sleep(9)`.execute(databaseOf(store)).then(() => done.push('work')),
      ]);
      await waitUntil('the long work to be done', () => done.includes('work'));
      expect(done).toEqual(['work']);
      await client.query('commit');
      await all;
    } finally {
      await client.end();
      await store.close();
    }
  });
});
