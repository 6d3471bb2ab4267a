import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, expect, it } from 'vitest';

const imports = `import { beforeAll, expect, it } from 'vitest';\n`;
const passing = `it('passes', () => expect(1).toBe(1));\n`;
const failing = `it('fails', () => expect(1).toBe(2));\n`;
const cases = [
  { when: 'all pass', files: [passing, passing], says: '2 passed, 0 failed', code: 0 },
  { when: 'a test fails', files: [passing + failing], says: '1 passed, 1 failed', code: 1 },
  {
    when: 'a file cannot be loaded',
    files: [passing, `import './nowhere.ts';\n`],
    says: '1 passed, 1 failed',
    code: 1,
  },
  {
    when: 'a hook throws',
    files: [passing, `beforeAll(() => { throw new Error('hook'); });\n${passing}`],
    says: '1 passed, 1 failed',
    code: 1,
  },
  {
    when: 'an error comes after its test',
    files: [`it('ends early', () => { setTimeout(() => { throw new Error('late'); }); });\n`],
    says: '1 passed, 1 failed',
    code: 1,
  },
  {
    when: 'all are skipped',
    files: [`it.skip('is skipped', () => expect(1).toBe(1));\n`],
    says: '0 passed, 1 failed',
    code: 1,
  },
  { when: 'there are none', files: [], says: '0 passed, 1 failed', code: 1 },
];

let root = '';

beforeAll(async () => {
  await mkdir('.cache', { recursive: true });
  root = await mkdtemp(resolve('.cache/run-tests-'));
});

afterAll(async () => rm(root, { recursive: true, force: true }));

it.each(cases)('the run says "$says" when $when', async ({ when, files, says, code }) => {
  const directory = join(root, when.replaceAll(' ', '-'));
  await mkdir(directory);
  await writeFile(join(directory, 'vitest.config.ts'), 'export default {};\n');
  for (const [index, body] of files.entries()) {
    await writeFile(join(directory, `${index}.test.ts`), imports + body);
  }
  const run = spawn(process.execPath, ['test/service/run-tests.ts', '--root', directory], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [output, [exitCode]] = await Promise.all([text(run.stdout), once(run, 'exit')]);
  expect(output.trimEnd().split('\n').at(-1)).toBe(says);
  expect(exitCode).toBe(code);
});
