/** What comes out of the typed tables, and that statements written by hand are left alone, in one transaction. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { databaseOf, inTransaction, type Store } from '../../src/store/database.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { tables } from '../../src/store/schema/tables.ts';
import { instant } from '../../src/store/sql/instant.ts';
import { createTestDatabase, type TestDatabase } from '../service/shared.ts';

let database: TestDatabase;
let store: Store;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore(database.url);
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const snake = (name: string): string =>
  name.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);

describe('a typed statement', () => {
  it('names each column as its property in snake case', () => {
    const columns = tables.flatMap(({ meta }) => {
      const { props } = store.getMetadata().get(meta.class);
      return props.map(({ name, fieldNames }) => ({ name: [snake(name)], fieldNames }));
    });
    expect(columns.length).toBeGreaterThan(100);
    expect(columns.filter(({ name, fieldNames }) => String(name) !== String(fieldNames))).toEqual(
      [],
    );
  });

  it('reads instants as the text that SQL makes of them, whatever the session’s zone', async () => {
    const texts = [
      '2026-11-21 13:05:01.123456+00',
      '2026-11-21 13:05:01.9999+00',
      '2026-11-21 13:05:01.0005-03:30',
      '2026-03-29 01:30:00+00',
      '1890-01-01 00:00:00+00',
      '0987-06-05 04:03:02.01+00',
      '9999-12-31 23:59:59.999999+00',
    ];
    for (const zone of ['UTC', 'Asia/Kolkata', 'America/St_Johns', 'Europe/Amsterdam']) {
      await inTransaction(store, async db => {
        await sql`select set_config('timezone', ${zone}, true)`.execute(db);
        await db.deleteFrom('login_attempt').execute();
        await db
          .insertInto('login_attempt')
          .values(texts.map((since, key) => ({ key: String(key), count: 1, since })))
          .execute();
        const rows = await db
          .selectFrom('login_attempt')
          .select(['since', instant('since').as('text')])
          .execute();
        expect(rows).toHaveLength(texts.length);
        expect(rows.map(({ since }) => since)).toEqual(rows.map(({ text }) => text));
      });
    }
  });

  it('takes Dates, and gives JSON, arrays, bytes and big numbers as the types say', async () => {
    const db = databaseOf(store);
    const at = new Date('2031-05-20T12:00:00.007Z');
    const before = { first_name: 'a', deep: { the_key: [{ a_b: 1 }], aB: null } };
    const audit = await db
      .insertInto('audit')
      .values({ at, action: 'x.created', objectId: 'x', before })
      .returning(['at', 'objectId', 'before', 'after'])
      .executeTakeFirstOrThrow();
    expect(audit).toEqual({ at: at.toISOString(), objectId: 'x', before, after: null });
    const receipt = await db
      .insertInto('receipt')
      .values({ source: 's', consumerId: crypto.randomUUID(), hashes: [crypto.randomUUID()] })
      .returning(['id', 'hashes'])
      .executeTakeFirstOrThrow();
    expect(receipt).toEqual({ id: '1', hashes: [expect.any(String)] });
    const bytes = Buffer.from([0, 255, 1]);
    await db
      .insertInto('quarantine')
      .values({ id: crypto.randomUUID(), source: 's', position: '1', reason: 'r', body: bytes })
      .execute();
    const [quarantined] = await db.selectFrom('quarantine').select(['body', 'headers']).execute();
    expect(quarantined).toEqual({ body: bytes, headers: null });
  });
});

it('a statement written by hand keeps its names, beside typed ones in the same transaction', async () => {
  const both = await inTransaction(store, async db => {
    const typed = await db
      .insertInto('domain')
      .values({ id: 'by_hand', name: 'x', path: '' })
      .returning(['id', 'parentId', 'removedAt'])
      .executeTakeFirst();
    const { rows } =
      await sql`select id, parent_id, removed_at as "removedAt", ${sql.ref('d.parent_id')} as the_parent
      from domain d where id = 'by_hand'`.execute(db);
    return { typed, byHand: rows[0] };
  });
  expect(both).toEqual({
    typed: { id: 'by_hand', parentId: null, removedAt: null },
    byHand: { id: 'by_hand', parent_id: null, removedAt: null, the_parent: null },
  });
});

it('a column that is not there, a wrong type and a missing value do not compile', () => {
  const db = databaseOf(store);
  const wrong = [
    // @ts-expect-error there is no such column
    db.selectFrom('webhook').select('payload_url'),
    // @ts-expect-error a name is text
    db.updateTable('webhook').set({ name: 1 }),
    // @ts-expect-error a domain has a name
    db.insertInto('domain').values({ id: 'a', path: '' }),
    // @ts-expect-error there is no such state
    db.selectFrom('webhook').select('id').where('state', '=', 'On'),
  ];
  expect(wrong).toHaveLength(4);
});
