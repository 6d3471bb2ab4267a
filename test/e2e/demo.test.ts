/** The demo as a person runs it: to its end, and interrupted on the way. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { descendantsOf, stillRunning } from '../service/process-tree.ts';
import { waitUntil } from '../service/wait-until.ts';

describe('npm run demo', () => {
  it.each(['rabbitmq', 'kafka', 'none'])(
    'delivers 200 events from %s, sums up and ends',
    async broker => {
      await using demo = await startDemo(['--broker', broker, '--events', '200', '--exit']);
      expect(await demo.exitCode).toBe(0);
      const summary = demo.output().split('\n').slice(-6).join('\n');
      expect(summary).toMatch(/^events +200$/m);
      expect(summary).toMatch(/^deliveries +(\d+) of \1 owed, \1 recorded as delivered$/m);
      expect(summary).toMatch(/^lost +0$/m);
      expect(summary).toMatch(/^duplicated +0$/m);
      expect(summary).toMatch(/^seconds +[\d.]+$/m);
      expect(demo.output()).toContain('signature verified');
      expect(demo.output()).not.toContain('SIGNATURE INVALID');
      expect(await demo.leftovers()).toEqual({ processes: [], files: [] });
    },
  );

  it('goes on without a broker where there is none to be had, and says so', async () => {
    await using programs = await programsWithout(['docker', 'podman', 'apt-get', 'epmd']);
    await using demo = await startDemo(['--events', '40', '--exit'], { PATH: programs.path });
    expect(await demo.exitCode).toBe(0);
    expect(demo.output()).toContain('There is no RabbitMQ');
    expect(demo.output()).toContain('Going on without a broker: events are posted to Hookline');
    expect(demo.output()).toMatch(/^events +40$/m);
    expect(demo.output()).toMatch(/^lost +0$/m);
    expect(await demo.leftovers()).toEqual({ processes: [], files: [] });
  });

  it.each(['Starting rabbitmq', 'The console of Hookline is at', 'signature verified'])(
    'leaves nothing behind when it is interrupted at "%s"',
    async line => {
      await using demo = await startDemo();
      await waitUntil(`"${line}"`, () => demo.output().includes(line), startDeadlineMs);
      await demo.lookAround();
      demo.signal('SIGINT');
      expect(await demo.exitCode).toBe(0);
      expect(await demo.leftovers()).toEqual({ processes: [], files: [] });
    },
  );

  it('leaves nothing behind for long when it is killed', async () => {
    await using demo = await startDemo();
    await waitUntil(
      'a delivery',
      () => demo.output().includes('signature verified'),
      startDeadlineMs,
    );
    await demo.lookAround();
    demo.signal('SIGKILL');
    await expect
      .poll(() => demo.leftovers(), { timeout: 30_000 })
      .toEqual({ processes: [], files: [] });
  });

  it.each([
    [['--broker', 'pigeon'], '--broker pigeon: expected rabbitmq, kafka, none'],
    [['--events', '0'], '--events 0: expected a whole number above 0'],
    [['--exit'], '--exit: expected --events beside it'],
  ])('refuses %j and says what it expected', async (args, message) => {
    await using demo = await startDemo(args);
    expect(await demo.exitCode).toBe(1);
    expect(demo.output()).toContain(message);
  });
});

/** A broker, a database and Hookline start one after the other, on a machine that may be busy. */
const startDeadlineMs = 150_000;

interface Demo extends AsyncDisposable {
  output(): string;
  readonly exitCode: Promise<unknown>;
  /** To the whole process group, as a terminal does. */
  signal(name: NodeJS.Signals): void;
  /** Remembers the processes that run now. */
  lookAround(): Promise<void>;
  /** Those remembered that still run, and the temporary files that are still there. */
  leftovers(): Promise<{ processes: number[]; files: string[] }>;
}

/** A directory with this machine's programs but for some. */
async function programsWithout(
  missing: readonly string[],
): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'hookline-programs-'));
  await chmod(path, 0o755);
  const seen = new Set(missing);
  for (const directory of (process.env['PATH'] ?? '').split(':')) {
    for (const name of await readdir(directory).catch(() => [])) {
      if (seen.has(name)) continue;
      seen.add(name);
      await symlink(join(directory, name), join(path, name));
    }
  }
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true }) };
}

async function startDemo(
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Demo> {
  const temporary = await mkdtemp(join(tmpdir(), 'hookline-demo-test-'));
  await chmod(temporary, 0o1777);
  const demo = spawn(process.execPath, ['test/demo/demo.ts', ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary, ...environment },
  });
  const pid = demo.pid ?? -1;
  let output = '';
  for (const stream of [demo.stdout, demo.stderr]) stream.on('data', chunk => (output += chunk));
  const exitCode = once(demo, 'close').then(([code]) => code);
  const seen: number[] = [];
  const signal = (name: NodeJS.Signals): void => void process.kill(-pid, name);
  return {
    output: () => output,
    exitCode,
    signal,
    lookAround: async () => void seen.push(...(await descendantsOf(pid))),
    leftovers: async () => ({
      processes: await stillRunning(seen),
      files: await readdir(temporary),
    }),
    [Symbol.asyncDispose]: async () => {
      if (demo.exitCode === null && demo.signalCode === null) signal('SIGKILL');
      await exitCode;
      await waitUntil('the files to go', async () => (await readdir(temporary)).length === 0);
      await rm(temporary, { recursive: true });
    },
  };
}
