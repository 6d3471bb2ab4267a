/** docs/cli.md is what the program says of itself; `-u` writes it anew. */
import { describe, expect, it } from 'vitest';

import {
  type CommandFacts,
  describeProgram,
  type OptionFacts,
} from '../../src/cli/completion/describe.ts';
import { exitCodeMeanings, exitCodes, type ExitReason } from '../../src/cli/terminal/failure.ts';
import { createBareProgram } from '../fixtures/program.ts';

const commands = describeProgram(createBareProgram());
const [program] = commands;
/** Those that do something. */
const leaves = commands.filter(one => one.commands.length === 0);

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '\\<');

function optionRow({
  written,
  description,
  choices,
  isRequired,
  default: fallback,
}: OptionFacts): string {
  const notes = [
    isRequired ? 'required' : '',
    choices.length > 0 ? choices.map(choice => `\`${choice}\``).join(', ') : '',
    fallback === undefined ? '' : `default \`${fallback}\``,
  ].filter(note => note !== '');
  const about = notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
  return `| \`${written}\` | ${cell(about)} |`;
}

function section(
  { path, description, arguments: args, options }: CommandFacts,
  level: '##' | '###',
): string {
  const usage = [
    'hookline',
    ...path,
    ...(options.length > 0 ? ['[options]'] : []),
    ...args.map(({ written }) => written),
  ].join(' ');
  const told = args.filter(one => one.description !== '' || one.choices.length > 0);
  return [
    `${level} hookline ${path.join(' ')}`,
    sentence(description),
    `\`${usage}\``,
    ...(told.length + options.length === 0
      ? []
      : [
          [
            '| | |',
            '|---|---|',
            ...told.map(
              ({ written, description: about, choices }) =>
                `| \`${written}\` | ${cell([about, choices.map(choice => `\`${choice}\``).join(', ')].filter(Boolean).join(': '))} |`,
            ),
            ...options.map(optionRow),
          ].join('\n'),
        ]),
  ].join('\n\n');
}

function chapter({ path, description }: CommandFacts): string {
  const within = leaves.filter(leaf => leaf.path[0] === path[0]);
  if (within.some(leaf => leaf.path.length === 1))
    return within.map(one => section(one, '##')).join('\n\n');
  const title = [`## hookline ${path.join(' ')}`, sentence(description)];
  return [...title, ...within.map(one => section(one, '###'))].join('\n\n');
}

const outcomes = Object.keys(exitCodes).filter((name): name is ExitReason => name in exitCodes);

const reference = `# The command line

Generated from the program by \`test/unit/cli-reference.test.ts\`; \`hookline <command> --help\` says the same.

A command sends REST requests to the Hookline at \`--server\`, \`HOOKLINE_URL\` or the configured URL, as the user that \`hookline login\` logged in there, or with
the token in \`HOOKLINE_TOKEN\`. \`serve\`, \`migrate\`, \`config\`, \`doctor\` and commands with \`--local\` send none: they use the configuration.

| for every command | |
|---|---|
${(program?.options ?? []).map(optionRow).join('\n')}

On a terminal tables fit its width: the widest columns are cut, never the ids. Elsewhere nothing is cut. With \`--json\` an answer is JSON, a list an array of
what the API answers; a command that takes several ids, or keeps running, prints one object after the other. An error is then a problem (RFC 9457) in one line on standard
error, with \`code\` and \`exitCode\`.

| exit code | meaning |
|---|---|
${outcomes.map(name => `| ${exitCodes[name]} | ${exitCodeMeanings[name]} |`).join('\n')}

${commands
  .filter(({ path }) => path.length === 1)
  .map(chapter)
  .join('\n\n')}
`;

describe('the reference of the command line', () => {
  it('is what docs/cli.md says', () => expect(reference).toMatchFileSnapshot('../../docs/cli.md'));

  it('says what every command and every option is for', () => {
    const silent = commands.flatMap(({ path, description, options }) => [
      ...(description === '' ? [path.join(' ')] : []),
      ...options
        .filter(option => option.description === '')
        .map(option => [...path, option.written].join(' ')),
    ]);
    expect(silent).toEqual([]);
  });
});
