/** Holds docs/cloudstack-api.md to the tests it names and the commands there are. */
import { globSync, readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { commands } from '../../src/api/cloudstack/commands.ts';
import { deliveriesSeenMax } from '../../src/store/delivery/list-by-page.ts';

const doc = readFileSync('docs/cloudstack-api.md', 'utf8');
const tests = globSync('test/{unit,property,integration}/cloudstack*.test.ts')
  .map(path => readFileSync(path, 'utf8'))
  .join('\n');

const isTitle = (cited: string): boolean =>
  tests.includes(cited) || tests.includes(cited.replaceAll("'", String.raw`\'`));

const rows = doc
  .slice(doc.indexOf('| in CloudStack |'))
  .split('\n')
  .filter(line => line.startsWith('| '))
  .slice(1)
  .map(line => line.split(' | '));

it('names tests that there are', () => {
  expect(rows.length).toBeGreaterThan(25);
  const cited = rows.map(cells => (cells.at(-1) ?? '').replaceAll(/^`|` \|$/g, ''));
  expect(cited.filter(title => title !== '– |' && !isTitle(title))).toEqual([]);
});

it('names every command, and the bound of a list', () => {
  expect(commands.map(({ name }) => name).filter(name => !doc.includes(`\`${name}\``))).toEqual([]);
  expect(doc).toContain(`newest ${deliveriesSeenMax.toLocaleString('en')} of`);
});
