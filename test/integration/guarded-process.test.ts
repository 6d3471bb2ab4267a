import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { spawnGuarded } from '../../src/postgres/guarded-process.ts';
import { waitUntil } from '../service/wait-until.ts';

/** Starts a child of its own, says both process ids, and heeds no polite signal. */
const stubborn = `trap '' INT TERM; sleep 600 & echo $$ $!; wait`;

describe('a guarded process', () => {
  it('dies with its parent, its own children included, and its directory goes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hookline-guarded-'));
    const parent = spawn(
      process.execPath,
      ['test/service/hold-guarded.ts', directory, 'sh', '-c', stubborn],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = await once(parent.stdout, 'data');
    const pids = String(line).trim().split(' ').map(Number);
    expect(pids.map(isAlive)).toEqual([true, true]);
    parent.kill('SIGKILL');
    await waitUntil('both processes to die', () => !pids.some(isAlive));
    await waitUntil('the directory to go', async () => !(await exists(directory)));
  });

  it('is killed when it heeds no signal in time', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hookline-guarded-'));
    const { promise: pids, resolve } = Promise.withResolvers<number[]>();
    const guarded = spawnGuarded('sh', ['-c', stubborn], {
      deathSignal: 'KILL',
      directory,
      onLine: line => resolve(line.split(' ').map(Number)),
    });
    const both = await pids;
    await guarded.stop({ signal: 'SIGTERM', deadlineMs: 50 });
    expect(await guarded.exited).toBe('signal SIGKILL');
    await waitUntil('both processes to die', () => !both.some(isAlive));
    expect(await exists(directory)).toBe(false);
  });

  it('says how it ended and what it wrote last', async () => {
    const guarded = spawnGuarded('sh', ['-c', 'echo out; echo error >&2; exit 3'], {
      deathSignal: 'KILL',
    });
    expect(await guarded.exited).toBe('code 3');
    await guarded.stop({ signal: 'SIGTERM', deadlineMs: 50 });
    expect(guarded.lastOutput().split('\n').toSorted()).toEqual(['error', 'out']);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
