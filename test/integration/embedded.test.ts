import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ConfigError } from '../../src/event/errors.ts';
import { findEmbeddedPostgres, openEmbeddedPostgres } from '../../src/postgres/embedded.ts';
import { readPostmaster } from '../../src/postgres/postmaster-file.ts';
import { waitUntil } from '../service/wait-until.ts';

let dataDir = '';
const holders: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hookline-embedded-'));
});

afterEach(async () => {
  for (const holder of holders.splice(0)) {
    const exited =
      holder.exitCode === null && holder.signalCode === null ? once(holder, 'exit') : undefined;
    holder.kill('SIGKILL');
    await exited;
  }
  await waitUntil('the server to end', async () => !(await isRunning()), 30_000);
  await rm(dataDir, { recursive: true, force: true });
});

describe('the embedded PostgreSQL', () => {
  it('keeps its data from one start to the next', async () => {
    {
      await using embedded = await openEmbeddedPostgres({ dataDir });
      await query(embedded.url, 'create table kept as select 42 as answer');
    }
    await using embedded = await openEmbeddedPostgres({ dataDir });
    expect(await query(embedded.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('listens on the loopback address alone, and only to who knows the password', async () => {
    await using embedded = await openEmbeddedPostgres({ dataDir });
    expect(await query(embedded.url, 'show listen_addresses')).toEqual([
      { listen_addresses: '127.0.0.1' },
    ]);
    const guess = new URL(embedded.url);
    guess.password = 'guess';
    await expect(query(guess.href, 'select 1')).rejects.toThrow('password authentication failed');
    expect((await stat(join(dataDir, 'postgres.key'))).mode & 0o777).toBe(0o600);
  });

  it('is refused to a second process by the name of the first, which is asked for its URL instead', async () => {
    const { holder, url } = await hold();
    await expect(openEmbeddedPostgres({ dataDir })).rejects.toThrow(ConfigError);
    await expect(openEmbeddedPostgres({ dataDir })).rejects.toThrow(`process ${holder.pid} `);
    expect(await findEmbeddedPostgres(dataDir)).toBe(url);
  });

  it('is not found where no process runs it', async () => {
    expect(await findEmbeddedPostgres(dataDir)).toBeUndefined();
    await (await openEmbeddedPostgres({ dataDir })).stop();
    expect(await findEmbeddedPostgres(dataDir)).toBeUndefined();
  });

  it('ends when its owner is killed, and the next one finds what was committed', async () => {
    const { holder, url } = await hold();
    await query(url, 'create table kept as select 42 as answer');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await using embedded = await openEmbeddedPostgres({ dataDir });
    expect(await query(embedded.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await expect(query(url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('recovers when the server was killed together with its owner', async () => {
    const { holder, url } = await hold();
    await query(url, 'create table kept as select 42 as answer');
    const server = await readPostmaster(join(dataDir, 'postgres'));
    if (server === undefined) throw new RangeError('a running server has a postmaster.pid');
    process.kill(server.pid, 'SIGKILL');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await using embedded = await openEmbeddedPostgres({ dataDir });
    expect(await query(embedded.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('is not misled by a postmaster.pid whose number is another process now', async () => {
    await (await openEmbeddedPostgres({ dataDir })).stop();
    const stale = [process.pid, join(dataDir, 'postgres'), 0, 5432, '', '127.0.0.1', '', 'ready'];
    await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), stale.join('\n'));
    await using embedded = await openEmbeddedPostgres({ dataDir });
    expect(await query(embedded.url, 'select 42 as answer')).toEqual([{ answer: 42 }]);
  });

  it('begins again after a first start that was cut short', async () => {
    await writeFile(join(dataDir, 'postgres.key'), '');
    await using embedded = await openEmbeddedPostgres({ dataDir });
    expect(await query(embedded.url, 'select 42 as answer')).toEqual([{ answer: 42 }]);
  });

  it('names both versions when the cluster is of another PostgreSQL', async () => {
    await (await openEmbeddedPostgres({ dataDir })).stop();
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '13\n');
    await expect(openEmbeddedPostgres({ dataDir })).rejects.toThrow(
      /belongs to PostgreSQL 13, but this Hookline includes PostgreSQL 18/,
    );
  });
});

async function hold(): Promise<{ holder: ChildProcess; url: string }> {
  const holder = spawn(process.execPath, ['test/service/hold-embedded.ts', dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  holders.push(holder);
  const [chunk] = await once(holder.stdout, 'data');
  return { holder, url: String(chunk).trim() };
}

async function isRunning(): Promise<boolean> {
  const server = await readPostmaster(join(dataDir, 'postgres'));
  if (server === undefined) return false;
  const commandLine = await readFile(`/proc/${server.pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.includes(dataDir);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client(url);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
