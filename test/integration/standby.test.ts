/** What the doctor says of a database's standbys, to a user who may read statistics and to one who may not. */
import { Client } from 'pg';
import { expect, it } from 'vitest';

import { judgeDatabase } from '../../src/doctor/database.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { inspectDatabase } from '../../src/store/inspect.ts';
import { startPostgresPair } from '../service/postgres-pair.ts';

const isAboutStandbys = /standby|synchronous/;

const lossy = (what: string): readonly string[] => [
  `warn ${what}: a failover loses what was recorded within the lag`,
];

async function foundAt(url: string): Promise<readonly string[]> {
  const store = await openStore(url);
  try {
    const view = await inspectDatabase(store, Date.now);
    return judgeDatabase(view, { migrates: true, connections: 1 })
      .map(({ state, found }) => `${state} ${found}`)
      .filter(line => isAboutStandbys.test(line));
  } finally {
    await store.close();
  }
}

it('is a warning when there are only asynchronous ones, or commits do not wait', async () => {
  await using pair = await startPostgresPair({ isSynchronous: false });
  const client = new Client(pair.url());
  await client.connect();
  try {
    await client.query(`create role plain login password 'plain'`);
    const plain = new URL(pair.url());
    [plain.username, plain.password] = ['plain', 'plain'];
    for (const url of [pair.url(), plain.href]) {
      expect(await foundAt(url)).toEqual(lossy('1 standby, only asynchronous'));
    }
    await client.query(`alter system set synchronous_standby_names = 'standby'`);
    await client.query('select pg_reload_conf()');
    const waits = ['ok commits wait for a synchronous standby (1 follows)'];
    await expect.poll(() => foundAt(pair.url())).toEqual(waits);
    expect(await foundAt(plain.href)).toEqual(waits);
    await client.query('alter role plain set synchronous_commit = local');
    expect(await foundAt(plain.href)).toEqual(lossy('1 standby, but synchronous_commit is local'));
    await client.query('alter role plain set synchronous_commit = off');
    expect((await foundAt(plain.href))[0]).toMatch('warn synchronous_commit is off');
  } finally {
    await client.end();
  }
  await pair.detach();
  expect(await foundAt(pair.url())).toEqual([]);
  expect(await foundAt(pair.standby.url())).toEqual([
    'fail the server is a standby, which is read-only',
  ]);
});
