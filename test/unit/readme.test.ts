import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { describeConfig } from '../../src/config/report/reference.ts';
import { configFileVariable } from '../../src/config/load/environment.ts';

const readme = readFileSync('README.md', 'utf8');
const keys = new Map(describeConfig().map(key => [key.variable, key]));

/** Rows of a table whose first cell names variables: those, and the cell with their defaults. */
const rows = readme
  .split('\n')
  .filter(line => line.startsWith('| `HOOKLINE_'))
  .map(line => line.split('|').map(cell => cell.trim()))
  .map(([, names = '', defaults = '']) => ({ names: quoted(names), defaults: quoted(defaults) }));

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? '');
}

describe('the README', () => {
  it('names no variable that there is not', () => {
    const named = new Set(readme.match(/HOOKLINE_[A-Z0-9_]*[A-Z0-9]/g));
    expect(named.size).toBeGreaterThan(8);
    for (const name of named) expect([...keys.keys(), configFileVariable]).toContain(name);
  });

  it('states the defaults of its table as the schema has them', () => {
    const stated = rows.filter(({ names, defaults }) => defaults.length === names.length);
    expect(stated.length).toBeGreaterThan(2);
    for (const { names, defaults } of stated) {
      for (const [index, name] of names.entries()) {
        const fact = keys.get(name)?.default;
        const shown = Array.isArray(fact)
          ? fact.join(',')
          : JSON.stringify(fact).replaceAll('"', '');
        // Another key may stand in for a default: the embedded database's directory for the database.
        expect([shown, ...keys.keys()]).toContain(defaults[index]);
      }
    }
  });
});
