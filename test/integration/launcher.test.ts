import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { waitUntil } from '../service/wait-until.ts';

const launcher = resolve('bin/hookline.js');
/** Makes the launcher believe that it runs on a Node of long ago. */
const onOldNode = [
  '--import',
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.0.0"}})',
];

/** Says, at the end, which packages were loaded. */
const packageSayer = `
  import { registerHooks } from 'node:module';
  const names = new Set();
  registerHooks({
    load(url, context, next) {
      const [, after] = url.split('/node_modules/');
      const [first, second] = after?.split('/') ?? [];
      if (first) names.add(first.startsWith('@') ? first + '/' + second : first);
      return next(url, context);
    },
  });
  process.on('exit', () => process.stderr.write([...names].sort().join(' ')));`;

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'hookline-launcher-'));
});
afterAll(() => rmSync(home, { recursive: true }));

interface Started {
  readonly pid: number;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** Closes our end of what it writes, as `head` does. */
  stopReading(stream: 'stdout' | 'stderr'): void;
}

function start(
  args: readonly string[],
  nodeArgs: readonly string[] = [],
  script = launcher,
): Started {
  const child = spawn(process.execPath, [...nodeArgs, script, ...args], {
    cwd: home,
    env: { HOME: home, PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const heard = { out: '', err: '' };
  child.stdout.on('data', chunk => (heard.out += String(chunk)));
  child.stderr.on('data', chunk => (heard.err += String(chunk)));
  return {
    pid: child.pid ?? 0,
    out: () => heard.out,
    err: () => heard.err,
    ended: once(child, 'close').then(() => child.exitCode),
    kill: signal => void child.kill(signal),
    stopReading: stream => void child[stream].destroy(),
  };
}

const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'));

describe.each([
  ['a Node that can run it', []],
  ['a Node that is too old', onOldNode],
])('hookline on %s', (_, nodeArgs) => {
  it('says its version', async () => {
    const run = start(['--version'], nodeArgs);
    expect(await run.ended).toBe(0);
    expect(run.out()).toBe(`${version}\n`);
    expect(run.err()).toBe('');
  });

  it('passes on the exit code', async () => {
    expect(await start(['frobnicate'], nodeArgs).ended).toBe(2);
    expect(await start(['webhook', 'list', '--server', 'http://127.0.0.1:9'], nodeArgs).ended).toBe(
      5,
    );
  });

  it.each([
    ['an answer', ['completion', 'bash']],
    ['help', ['webhook', 'create', '--help']],
    ['an answer in JSON', ['config', '--json']],
    ['an error', ['webhook', 'list', '--server', 'http://127.0.0.1:9']],
  ])('says nothing when nobody reads %s to its end', async (_what, args) => {
    const run = start(args, nodeArgs);
    run.stopReading(args.includes('--server') ? 'stderr' : 'stdout');
    expect(await run.ended).toBe(141);
    expect(run.err()).toBe('');
  });

  it('ends in order when it is told to, and leaves no process behind', async () => {
    const run = start(['listen', '--port', '0'], nodeArgs);
    await waitUntil('the receiver to listen', () => run.err().includes('Listening on'));
    run.kill('SIGTERM');
    expect(await run.ended).toBe(0);
    // Its output is closed, so nothing that shared it is left.
    expect(run.err()).not.toContain('Error');
  });
});

describe('hookline without a Node that can run it', () => {
  it('says which it needs', async () => {
    const alone = join(home, 'alone');
    cpSync('bin', join(alone, 'bin'), { recursive: true });
    writeFileSync(join(alone, 'package.json'), '{"type":"module"}');
    const run = start(['--version'], onOldNode, join(alone, 'bin/hookline.js'));
    expect(await run.ended).toBe(1);
    expect(run.err()).toContain('Hookline needs Node.js 24 or newer; this is 20.0.0');
  });
});

const sign = (text: string) => createHmac('sha256', 'webhook-secret').update(text).digest('base64');

describe('hookline listen', () => {
  it('prints what it receives, says whether it is signed right, and answers as it is told', async () => {
    const run = start([
      'listen',
      '--port',
      '0',
      '--secret',
      'webhook-secret',
      '--status',
      '503',
      '--json',
    ]);
    const url = await waitUntil('the receiver to listen', () => /http:\S+/.exec(run.err())?.[0]);
    const body = '{"event":"VM.START"}';
    const timestamp = String(Math.floor(Date.now() / 1000));
    const headers = {
      'X-CS-Event': 'VM.START',
      'X-CS-Signature': sign(body),
      'webhook-id': 'id-1',
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${sign('something else')}`,
    };
    const answer = await fetch(`${url}hook?a=b`, { method: 'POST', body, headers });
    expect(answer.status).toBe(503);
    await waitUntil('the delivery to be printed', () => run.out().endsWith('\n'));
    expect(JSON.parse(run.out())).toMatchObject({
      request: 'POST /hook?a=b',
      event: 'VM.START',
      eventId: 'id-1',
      'X-CS-Signature': 'valid',
      'webhook-signature': 'wrong',
      body,
    });
    run.kill('SIGINT');
    expect(await run.ended).toBe(0);
  });

  it('says that the port is taken', async () => {
    const first = start(['listen', '--port', '0']);
    const url = await waitUntil('the receiver to listen', () => /http:\S+/.exec(first.err())?.[0]);
    const second = start(['listen', '--port', new URL(url).port]);
    expect(await second.ended).toBe(1);
    expect(second.err()).toContain('EADDRINUSE');
    first.kill('SIGTERM');
    await first.ended;
  });
});

describe('a command', () => {
  it('loads no library that only the service or another command needs', async () => {
    const hook = join(home, 'package-sayer.mjs');
    writeFileSync(hook, packageSayer);
    const help = start(['webhook', 'list', '--help'], ['--import', hook]);
    expect(await help.ended).toBe(0);
    expect(help.err()).toBe('commander convict ipaddr.js lodash.clonedeep yaml yargs-parser');
  });

  it('is compiled once: what was compiled is kept in the user’s cache', async () => {
    const started = start(['--version']);
    expect(await started.ended).toBe(0);
    expect(readdirSync(join(home, '.cache', 'hookline'))).toHaveLength(1);
  });
});
