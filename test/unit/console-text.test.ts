/** The console's texts are in one catalogue, so that a translation is one file. */
import { globSync, readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

const files = globSync('console/src/**/*.tsx').map(path => ({
  path,
  source: readFileSync(path, 'utf8'),
}));

it('has no words of a language in its pages', () => {
  expect(files.length).toBeGreaterThan(10);
  const found = files.flatMap(({ path, source }) => [
    // Between two tags, or the end of an expression and a tag.
    ...[
      ...source.matchAll(/(?:<\/?[\w.]+[^<>=]*>|\})([^<>{}()=;]*[A-Za-z]{2}[^<>{}()=;]*)<\//g),
    ].map(([, words]) => `${path}: ${words?.trim()}`),
    ...[...source.matchAll(/\b(?:title|placeholder|aria-label|alt|label|about)="([^"]+)"/g)].map(
      ([, words]) => `${path}: ${words}`,
    ),
  ]);
  expect(found).toEqual([]);
});

it('never takes text for markup', () => {
  const found = files.filter(({ source }) => /innerHTML|v-html|insertAdjacentHTML/.test(source));
  expect(found.map(({ path }) => path)).toEqual([]);
});
