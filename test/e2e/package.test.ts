import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTestDatabase } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';

const execute = promisify(execFile);

/** The surrounding `npm test` tells npm about this package, which is not the one at hand. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle|command|config_local)|^INIT_CWD$/.test(name),
  ),
);

let folder: string;
let program: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hookline-package-'));
  chmodSync(folder, 0o755);
  await execute('npm', ['pack', '--pack-destination', folder], { env });
  const tarball = readdirSync(folder).find(name => name.endsWith('.tgz')) ?? '';
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const args = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await execute('npm', [...args, join(folder, tarball)], { cwd: folder, env });
  program = join(folder, 'node_modules/.bin/hookline');
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('the package, installed in an empty folder', () => {
  it('holds what it needs to run and nothing else', () => {
    const root = join(folder, 'node_modules/hookline');
    expect(readdirSync(root).toSorted()).toEqual(
      expect.arrayContaining(['bin', 'config', 'dist', 'docs', 'package.json']),
    );
    expect(readdirSync(root)).not.toContain('src');
    expect(readdirSync(root)).not.toContain('test');
  });

  it('runs a command', async () => {
    const { stdout } = await execute(program, ['config', '--json'], {
      cwd: folder,
      env: { PATH: env['PATH'] },
    });
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ key: 'http.port', value: 8080 }),
    );
  });

  it('serves until it is told to stop', async () => {
    await using database = await createTestDatabase();
    const server = spawn(program, ['serve'], {
      cwd: folder,
      env: {
        PATH: env['PATH'],
        HOOKLINE_DATABASE_URL: database.url,
        HOOKLINE_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
        HOOKLINE_ADMIN_PASSWORD: 'correct horse',
        HOOKLINE_HTTP_PORT: '0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(server, 'exit');
    let log = '';
    server.stdout.on('data', chunk => (log += String(chunk)));
    const url = await waitUntil(
      'the API to listen',
      () => /"url":"([^"]+)"/.exec(log)?.[1],
      60_000,
    );
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/docs/`)).status).toBe(200);
    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
