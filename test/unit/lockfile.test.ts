/**
 * `npm ci` refuses a lock file in which a package names another one that has no entry. npm drops the entries of
 * optional packages, those of other platforms, that the registry at hand does not have.
 */
import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock: { packages: Record<string, LockedPackage> } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
);

it('locks every package that a locked package names, those of other platforms included', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, locked]) =>
    Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })
      .filter(name => !foldersAbove(path).some(folder => `${folder}${name}` in lock.packages))
      .map(name => `${path} → ${name}`),
  );
  expect(missing).toEqual([]);
});

/** Where Node looks for what the package at `path` imports: its own node_modules, then those above. */
function foldersAbove(path: string): string[] {
  const steps = path === '' ? [] : path.split(/\/?node_modules\//).slice(1);
  return [...steps.keys(), steps.length].map(
    depth =>
      `${steps
        .slice(0, depth)
        .map(step => `node_modules/${step}/`)
        .join('')}node_modules/`,
  );
}
