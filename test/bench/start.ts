/**
 * What a start costs: as it is installed (JavaScript, with the compiled code of an earlier start at hand) and until it is
 * ready; alone, and with 100,000 webhooks of 10,000 accounts in the database.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';

import { type Hookline, startHookline } from './hookline.ts';
import type { Lab } from './lab.ts';
import { cpuMsOf, memoryMbOf } from './proc.ts';
import type { Figures } from './report.ts';

const thisCheckout = resolve(import.meta.dirname, '../..');
const preload = pathToFileURL(join(import.meta.dirname, 'loop-delay.mjs')).href;
/** After a start the heap shrinks. */
const restMs = 20_000;
const webhooks = 100_000;
const accounts = 10_000;

export async function measureStart(lab: Lab): Promise<Figures> {
  execFileSync('npm', ['run', 'build'], { cwd: lab.checkout ?? thisCheckout, stdio: 'ignore' });
  await using cache = await temporaryFolder();
  await using database = await lab.openDatabase();
  const start = async (): Promise<Started> => startMeasured(lab, database.url, cache.path);
  // Compiles, and makes the schema.
  await (await start()).stop();
  const alone = await start();
  await wait(restMs);
  const restingMb = memoryMbOf(alone.pid);
  await alone.stop();
  await insertWebhooks(database.url);
  const many = await start();
  await many.stop();
  return {
    'start: process CPU, ms': alone.cpuMs,
    'start: longest block of the event loop, ms': alone.blockMs,
    'start: memory, MB': alone.memoryMb,
    'start: memory after 20 s, MB': restingMb,
    'start with 100,000 webhooks: process CPU, ms': many.cpuMs,
    'start with 100,000 webhooks: longest block of the event loop, ms': many.blockMs,
    'start with 100,000 webhooks: memory, MB': many.memoryMb,
  };
}

interface Started {
  readonly pid: number;
  readonly cpuMs: number;
  readonly blockMs: number;
  readonly memoryMb: number;
  stop(): Promise<void>;
}

async function startMeasured(lab: Lab, databaseUrl: string, cache: string): Promise<Started> {
  const told: string[] = [];
  const hookline: Hookline = await startHookline({
    databaseUrl,
    checkout: lab.checkout,
    program: 'dist/src/main.js',
    env: { NODE_COMPILE_CACHE: cache, NODE_OPTIONS: `--import=${preload}` },
    onLine: line => told.push(line),
  });
  const { pid } = hookline;
  const cpuMs = cpuMsOf(pid);
  const memoryMb = memoryMbOf(pid);
  process.kill(pid, 'SIGUSR2');
  while (!told.some(line => line.startsWith('longest block'))) await wait(10);
  const [, block] = /longest block ([\d.]+)/.exec(told.join('\n')) ?? [];
  const stop = (): Promise<void> => Promise.resolve(hookline[Symbol.asyncDispose]());
  return { pid, cpuMs, memoryMb, blockMs: Number(block), stop };
}

async function insertWebhooks(url: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    await client.query(
      `insert into account (id, name, domain_id)
        select 'tenant-' || n, 'tenant-' || n, (select id from domain where parent_id is null) from generate_series(1, $1) n`,
      [accounts],
    );
    await client.query(
      `insert into webhook (name, account_id, domain_id, payload_url)
        select 'hook', a.id, a.domain_id, 'https://receiver.example.org/' || n
        from generate_series(1, $1) n join account a on a.id = 'tenant-' || (n % $2 + 1)`,
      [webhooks, accounts],
    );
    await client.query(
      `insert into webhook_filter (webhook_id, value) select id, 'VM.*' from webhook where id::text < '8'`,
    );
  } finally {
    await client.end();
  }
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'hookline-bench-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
