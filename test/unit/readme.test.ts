import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { describeConfig } from '../../src/config/describe.ts';

const readme = readFileSync('README.md', 'utf8');
const keys = describeConfig();
const rows = [...readme.matchAll(/^\| (`HOOKLINE_[^|]+) \| ([^|]+) \|/gm)].map(
  ([, names = '', value = '']) => ({
    names: [...names.matchAll(/`([A-Z_]+)`/g)].map(match => match[1] ?? ''),
    defaults: [...value.matchAll(/`([^`]+)`/g)].map(match => match[1] ?? ''),
  }),
);

describe('the README', () => {
  it('names only variables that exist, with the defaults they have', () => {
    expect(rows.length).toBeGreaterThan(8);
    for (const { names, defaults } of rows) {
      const known = names.map(name => keys.find(key => key.variable === name));
      expect(known).not.toContain(undefined);
      const own = known.map(key =>
        key?.default === null || key?.default === undefined ? undefined : String(key.default),
      );
      for (const value of own) if (value !== undefined) expect(defaults).toContain(value);
    }
  });

  it('links only to files that are there', () => {
    const links = [...readme.matchAll(/\]\(([^)h][^)]*)\)/g)].map(match => match[1] ?? '');
    expect(links.length).toBeGreaterThan(2);
    expect(links.filter(path => !existsSync(path))).toEqual([]);
  });
});
