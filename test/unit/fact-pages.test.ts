/**
 * The tables in `docs/clouds`: where each fact of each kind of message comes from, and who writes it. They are made of the
 * recordings, by what the normalizers do with them.
 */
import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { normalizableFormats } from '../../src/normalize/source-formats.ts';
import {
  facts,
  firstEvent,
  originsOf,
  valuesIn,
  type Fact,
  type Origins,
} from '../fixtures/fact-origins.ts';
import { factPages, type FactPage } from '../fixtures/fact-pages.ts';

const begin = '<!-- made by test/unit/fact-pages.test.ts -->\n';
const end = '<!-- end -->\n';

const titles: Record<Fact, string> = {
  account: '`account`',
  domain: '`domain`',
  user: '`user`',
  entityuuid: '`entityuuid`',
  status: '`status`',
  key: 'name',
};

function rowsOf(page: FactPage): readonly (readonly [string, Origins, string | undefined])[] {
  const elsewhere = valuesIn([...page.kinds.map(([, sent]) => sent), ...(page.further ?? [])]);
  return page.kinds.map(([told, sent]) => {
    const origins = originsOf(page.normalize, sent, elsewhere);
    if (origins === undefined) throw new RangeError(`"${told}" makes no event`);
    return [told, origins, firstEvent(page.normalize, sent)?.envelope.status] as const;
  });
}

function placesOf(places: readonly string[], { prefix }: FactPage): readonly string[] {
  return [...new Set(places.map(place => place.replace(prefix, '')))];
}

function tableOf(page: FactPage): string {
  const rows = rowsOf(page);
  const cell = (origins: Origins, fact: Fact, status: string | undefined): string => {
    const places = origins[fact];
    if (places === undefined) return '–';
    if (places.length > 0)
      return placesOf(places, page)
        .map(place => `\`${place}\``)
        .join(', ');
    return fact === 'status' ? `always ${status}` : 'always the same';
  };
  const written = new Map<string, Set<string>>();
  for (const [, origins] of rows) {
    for (const fact of facts.filter(each => each !== 'key')) {
      for (const place of placesOf(origins[fact] ?? [], page)) {
        const who = page.writers.find(([pattern]) => pattern.test(place))?.[1] ?? '?';
        written.set(who, (written.get(who) ?? new Set()).add(`\`${place}\``));
      }
    }
  }
  return [
    `| what is told | ${facts.map(fact => titles[fact]).join(' | ')} |`,
    `|---|${facts.map(() => '---|').join('')}`,
    ...rows.map(
      ([told, origins, status]) =>
        `| ${told} | ${facts.map(fact => cell(origins, fact, status)).join(' | ')} |`,
    ),
    '',
    '| who writes it | what |',
    '|---|---|',
    ...[...written].map(([who, places]) => `| ${who} | ${[...places].join(', ')} |`),
    '',
  ].join('\n');
}

const pathOf = ({ name }: FactPage): string => `docs/clouds/${name}.md`;

const tables = new Map(factPages.map(page => [page, tableOf(page)] as const));

describe('the page of each format', () => {
  it.each(factPages)('$name says where its facts come from, as they do', async page => {
    const text = readFileSync(pathOf(page), 'utf8');
    const from = text.indexOf(begin) + begin.length;
    const to = text.indexOf(end);
    expect(from).toBeGreaterThan(begin.length);
    const made = `${text.slice(0, from)}\n${tables.get(page) ?? ''}\n${text.slice(to)}`;
    await expect(made).toMatchFileSnapshot(`../../${pathOf(page)}`);
  });

  it.each(factPages)('$name has a writer for each place, and a place for each writer', page => {
    const table = tables.get(page) ?? '';
    expect(table).not.toContain('| ? |');
    for (const [, who] of page.writers) expect(table).toContain(`| ${who} |`);
  });

  it('is there for every format, and nothing else is', () => {
    const pages = readdirSync('docs/clouds').map(file => file.replace(/\.md$/, ''));
    const named = factPages.map(({ name }) => name);
    expect(pages.filter(name => name !== 'openstack').toSorted()).toEqual(named.toSorted());
    const formats = normalizableFormats.filter(format => format !== 'openstack');
    expect(formats.filter(format => !named.includes(format))).toEqual([]);
  });

  it.each(factPages)(
    "$name says what is not told, what is nobody's, and what a repeat is",
    page => {
      const [top = ''] = readFileSync(pathOf(page), 'utf8').split(begin);
      const parts = [...top.matchAll(/^\*\*(.+?)\*\* \S/gm)].map(([, part]) => part);
      expect(parts).toEqual(['Not told.', "Nobody's.", 'Reliable.', 'Repeats.', 'Whose word.']);
    },
  );
});
