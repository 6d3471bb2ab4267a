import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import { Client } from 'pg';
import { describe, expect, it } from 'vitest';

import type { PostgresEdition } from '../service/postgres-programs.ts';
import { startPostgresPair } from '../service/postgres-pair.ts';

describe.each<PostgresEdition>(['embedded', 'distribution'])(
  'a primary and its standby (%s)',
  edition => {
    it('have lost nothing that was confirmed when the synchronous standby takes over', async () => {
      await using pair = await startPostgresPair({ isSynchronous: true, edition });
      await query(pair.url(), 'create table kept as select 42 as answer');
      await pair.primary.kill();
      await expect(query(pair.url(), 'select 1')).rejects.toThrow(/ECONNRESET|terminated/);
      await pair.promote();
      pair.leadTo(pair.standby);
      expect(await query(pair.url(), 'update kept set answer = 43 returning answer')).toEqual([
        { answer: 43 },
      ]);
    });
  },
);

describe('an asynchronous standby', () => {
  it('lacks what was committed while it was detached, until it is attached again', async () => {
    await using pair = await startPostgresPair({ isSynchronous: false });
    await query(pair.url(), 'create table kept (n int)');
    await pair.untilCaughtUp();
    await pair.detach();
    await query(pair.url(), 'insert into kept values (1)');
    expect(await query(pair.standby.url(), 'select n from kept')).toEqual([]);
    await pair.attach();
    await pair.untilCaughtUp();
    expect(await query(pair.standby.url(), 'select n from kept')).toEqual([{ n: 1 }]);
    await expect(query(pair.standby.url(), 'insert into kept values (2)')).rejects.toThrow(
      /read-only transaction/,
    );
  });
});

describe('a moving address', () => {
  it('leaves connections that fell silent open, and leads new ones elsewhere once it moved', async () => {
    await using pair = await startPostgresPair({ isSynchronous: false });
    const client = new Client(pair.url());
    let isEnded = false;
    client.on('error', () => undefined).on('end', () => (isEnded = true));
    await client.connect();
    pair.address.silence();
    const answered = client.query('select 1').then(() => true);
    const newcomer = connect(pair.address.port, '127.0.0.1');
    await once(newcomer, 'connect');
    newcomer.write('anything');
    await pair.primary.kill();
    await pair.promote();
    pair.leadTo(pair.standby);
    expect(await query(pair.url(), 'select pg_is_in_recovery() as standby')).toEqual([
      { standby: false },
    ]);
    expect(await Promise.race([answered, wait(500, 'nothing')])).toBe('nothing');
    expect(isEnded).toBe(false);
    expect(newcomer.readableEnded).toBe(false);
    expect(pair.address.connections).toBe(2);
    newcomer.destroy();
    answered.catch(() => undefined);
    await client.end().catch(() => undefined);
  });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client(url);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
