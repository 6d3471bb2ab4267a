/**
 * Completion for fish: a line for every word, with the command that it belongs to.
 *
 * Source: fish manual, `complete`; `commandline -opc` prints the words before the cursor.
 */
import type { CommandFacts, OptionFacts } from './describe.ts';

export function completeFish(commands: readonly CommandFacts[]): string {
  const paths = commands.filter(({ path }) => path.length > 0);
  const valued = new Set(
    commands.flatMap(({ options }) =>
      options.filter(one => one.takesValue).flatMap(({ names }) => names),
    ),
  );
  return [
    '# fish completion for hookline',
    'function __hookline_at',
    `  set -l valued ${[...valued].join(' ')}`,
    `  set -l paths ${paths.map(({ path }) => quote(path.join(' '))).join(' ')}`,
    '  set -l at',
    '  set -l skip 0',
    '  for word in (commandline -opc)[2..-1]',
    '    if test $skip = 1',
    '      set skip 0',
    '    else if contains -- $word $valued',
    '      set skip 1',
    '    else if contains -- (string join " " $at $word) $paths',
    '      set -a at $word',
    '    end',
    '  end',
    '  test "$at" = "$argv"',
    'end',
    'complete -c hookline -f',
    ...commands.flatMap(command => linesOf(command, commands)),
  ].join('\n');
}

function linesOf(
  { path, options, commands: names, arguments: args }: CommandFacts,
  commands: readonly CommandFacts[],
): string[] {
  const at = path.join(' ');
  const on = `-n ${quote(`__hookline_at ${at}`.trim())}`;
  const about = new Map(commands.map(one => [one.path.join(' '), one.description]));
  const [argument] = args;
  return [
    ...names.map(
      name =>
        `complete -c hookline ${on} -a ${quote(name)} -d ${quote(about.get(`${at} ${name}`.trim()) ?? '')}`,
    ),
    ...(argument?.isFile === true ? [`complete -c hookline ${on} -F`] : []),
    ...(argument && argument.choices.length > 0
      ? [`complete -c hookline ${on} -a ${quote(argument.choices.join(' '))}`]
      : []),
    // Every command takes the program's own options.
    ...options.map(option => lineOfOption(option, path.length === 0 ? '' : on)),
  ];
}

function lineOfOption(
  { names, choices, isFile, takesValue, description }: OptionFacts,
  on: string,
): string {
  const flags = names.map(name =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  const value = isFile ? '-r -F' : takesValue ? '-x' : '';
  const listed = choices.length > 0 ? `-a ${quote(choices.join(' '))}` : '';
  return ['complete -c hookline', on, ...flags, value, listed, '-d', quote(description)]
    .filter(part => part !== '')
    .join(' ');
}

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
