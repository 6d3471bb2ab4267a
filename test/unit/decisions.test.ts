/** The decision records: their index is complete, their form holds, and what refers to one refers to one that is there. */
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { describe, expect, it } from 'vitest';

const index = readFileSync('docs/decisions/README.md', 'utf8');
const records = globSync('docs/decisions/[0-9]*.md')
  .toSorted()
  .map(path => {
    const text = readFileSync(path, 'utf8');
    return { path, file: basename(path), text, heading: text.split('\n')[0] ?? '' };
  });
const numbers = new Set(records.map(({ file }) => Number(file.slice(0, 4))));

describe('the decision records', () => {
  it('are all in the index, by number and title', () => {
    const listed = [...index.matchAll(/^- \[(.+)\]\((.+)\)$/gm)].map(([, title, file]) => ({
      file,
      heading: `# ${title}`,
    }));
    expect(listed).toEqual(records.map(({ file, heading }) => ({ file, heading })));
  });

  it('have a number each', () => {
    expect(numbers.size).toBe(records.length);
  });

  it.each(records)('$file is numbered as its file, short, and in three parts', record => {
    const { file, heading, text } = record;
    expect(heading).toMatch(new RegExp(`^# ${Number(file.slice(0, 4))}\\. \\S`));
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
    const hasTable = text.includes('\n| package | for |');
    const parts = ['**Context.**', '**Decision.**', '**Consequences.**'];
    expect(parts.filter(part => !hasTable && !text.includes(part))).toEqual([]);
  });
});

const documents = globSync('{README.md,CHANGELOG.md,docs/**/*.md,src/**/*.ts,migrations/*.ts}').map(
  path => ({ path, text: readFileSync(path, 'utf8') }),
);

describe('a reference', () => {
  it('to a decision is to one that is there', () => {
    const named = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\b(?:decision|record)s? (\d+(?:(?:, | and )\d+)*)/gi)].flatMap(
        ([, list = '']) => list.split(/, | and /).map(number => ({ path, number: Number(number) })),
      ),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ number }) => !numbers.has(number))).toEqual([]);
  });

  it('to a file of a decision is to one that is there', () => {
    const named = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/decisions\/(\d{4}-[\w-]+\.md)/g)].map(([, file]) => ({ path, file })),
    );
    expect(named.length).toBeGreaterThan(2);
    const files = records.map(({ file }) => file);
    expect(named.filter(({ file = '' }) => !files.includes(file))).toEqual([]);
  });

  it('to a file of the source is to one that is there', () => {
    const paths = new Set(globSync('{src,test,migrations,docs,config,console}/**/*.*'));
    const names = new Set([...paths].map(path => basename(path)));
    const exists = (name: string): boolean =>
      name.includes('/') ? paths.has(name) || paths.has(`src/${name}`) : names.has(name);
    const named = documents.flatMap(({ path, text }) =>
      path.endsWith('.md')
        ? [...text.matchAll(/`([\w./-]+\.ts)`/g)].map(([, name = '']) => ({ path, name }))
        : [],
    );
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter(({ name }) => !exists(name))).toEqual([]);
  });
});
