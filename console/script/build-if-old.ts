/** Builds the console where it was never built, or one of its files has changed since. */
import { globSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const parts = ['index.html', 'vite.config.ts', 'public/**', 'src/**'];

/** @returns whether it had to be built. */
export async function buildIfOld(): Promise<boolean> {
  const changedAt = Math.max(...globSync(parts, { cwd: root }).map(changeOf));
  if (changeOf('dist/index.html') > changedAt) return false;
  await build({ root, configFile: `${root}vite.config.ts`, logLevel: 'warn' });
  return true;
}

/** Milliseconds since 1970; 0 for a file that there is not. */
function changeOf(path: string): number {
  return statSync(root + path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (import.meta.main) await buildIfOld();
