/** How rows of commands are read from a command line, and what of them has to agree. */
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';

import { addCommands } from '../../src/cli/command/build.ts';
import { defineCommand } from '../../src/cli/command/definition.ts';
import { allCommands } from '../../src/cli/program.ts';
import { parseFilter } from '../../src/cli/webhook/filter-text.ts';
import { createBareCli } from '../fixtures/program.ts';

/** Values that a command is run with. */
async function valuesOf(...args: string[]): Promise<unknown> {
  let values: unknown;
  const command = defineCommand({
    words: 'try <id> [more...]',
    about: 'try',
    options: {
      accountId: '--account <id>  renamed',
      filters: { usage: '--filter <filter>  ', parse: parseFilter, isRepeated: true },
      body: { usage: '--body <json>  ', parse: JSON.parse, isUnsetByEmpty: true },
      secretKey: { usage: '--secret <text>  ', input: 'line' },
      template: { usage: '--template <text>  ', input: 'text' },
      matched: { usage: '--matched  ', negated: 'not' },
      limit: { usage: '--limit <n>  ', parse: Number, default: 50 },
    },
    run: (_, given) => {
      values = given;
    },
  });
  const program = new Command('test').exitOverride().configureOutput({ writeErr: () => undefined });
  addCommands(program, createBareCli([], 'typed\n'), [command]);
  await program.parseAsync(['try', ...args], { from: 'user' });
  return values;
}

describe('a row of a command', () => {
  it('has its values by the names of the fields', async () => {
    expect(await valuesOf('x', '--account', 'a')).toEqual({
      id: 'x',
      more: [],
      accountId: 'a',
      limit: 50,
    });
    expect(await valuesOf('x', 'y', 'z', '--no-matched', '--limit', '7')).toEqual({
      id: 'x',
      more: ['y', 'z'],
      matched: false,
      limit: 7,
    });
  });

  it('takes an option again after those before it', async () => {
    expect(await valuesOf('x', '--filter', 'A', '--filter', 'B')).toMatchObject({
      filters: [{ value: 'A' }, { value: 'B' }],
    });
  });

  it('unsets by an empty text, and parses any other', async () => {
    expect(await valuesOf('x', '--body', '')).toMatchObject({ body: null });
    expect(await valuesOf('x', '--body', '{"a":1}')).toMatchObject({ body: { a: 1 } });
  });

  it('reads one value from standard input, a line without its end or all of it', async () => {
    expect(await valuesOf('x', '--secret', '-')).toMatchObject({ secretKey: 'typed' });
    expect(await valuesOf('x', '--template', '-')).toMatchObject({ template: 'typed\n' });
    await expect(valuesOf('x', '--secret', '-', '--template', '-')).rejects.toThrow('one option');
  });
});

describe('the rows of all commands', () => {
  const requests = allCommands.flatMap(one => ('request' in one ? [one] : []));

  it('name arguments of their own in paths', () => {
    expect(requests.length).toBeGreaterThan(40);
    const unknown = requests.flatMap(({ words, request }) => {
      const names = [...words.matchAll(/<(\w+)/g)].map(([, name]) => name);
      const placeholders = [...request.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      return placeholders.filter(name => !names.includes(name));
    });
    expect(unknown).toEqual([]);
  });
});
