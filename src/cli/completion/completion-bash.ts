/**
 * Completion for bash and zsh: the same tables of commands and options, and for each shell the function that reads them.
 *
 * Source: bash manual, "Programmable Completion" (COMP_WORDS are split at `=` as well); zsh manual, "Completion System".
 */
import type { CommandFacts, OptionFacts } from './describe.ts';

export function completeBash(commands: readonly CommandFacts[]): string {
  return `# bash completion for hookline
${tables(commands)}
_hookline() {
  local cur=\${COMP_WORDS[COMP_CWORD]} option= at= word i
  if [[ $cur == = ]]; then
    cur= option=\${COMP_WORDS[COMP_CWORD - 1]}
  elif [[ \${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
    option=\${COMP_WORDS[COMP_CWORD - 2]}
  elif _hookline_takes "\${COMP_WORDS[COMP_CWORD - 1]}"; then
    option=\${COMP_WORDS[COMP_CWORD - 1]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if _hookline_takes "$word"; then
      [[ \${COMP_WORDS[i + 1]} == = ]] && ((i++))
      ((i++))
    else
      _hookline_below "$at" "$word" && at="$at $word"
    fi
  done
  local IFS=$'\\n' found
  if [[ -n $option ]]; then
    found=$(_hookline_values "$at" "$option")
  elif [[ $cur == -* ]]; then
    found=$(_hookline_options "$at")
  else
    found=$(_hookline_words "$at")
  fi
  COMPREPLY=()
  [[ $found == @file ]] && compopt -o filenames 2> /dev/null
  if [[ $found == @file ]]; then
    COMPREPLY=($(compgen -f -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$(cut -f 1 <<< "$found")" -- "$cur"))
  fi
}
complete -F _hookline hookline`;
}

export function completeZsh(commands: readonly CommandFacts[]): string {
  return `#compdef hookline
${tables(commands)}
_hookline() {
  local option= at= word found i
  if [[ $PREFIX == --*=* ]]; then
    option=\${PREFIX%%=*}
    compset -P '*='
  elif _hookline_takes "$words[CURRENT-1]"; then
    option=$words[CURRENT-1]
  fi
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if _hookline_takes "$word"; then
      ((i++))
    else
      _hookline_below "$at" "$word" && at="$at $word"
    fi
  done
  if [[ -n $option ]]; then
    found=$(_hookline_values "$at" "$option")
  elif [[ $PREFIX == -* ]]; then
    found=$(_hookline_options "$at")
  else
    found=$(_hookline_words "$at")
  fi
  if [[ $found == @file ]]; then
    _files
    return
  fi
  local -a described
  local line tab=$'\\t'
  for line in \${(f)found}; do
    described+=("\${\${line%%$tab*}//:/\\\\:}:\${line#*$tab}")
  done
  _describe hookline described
}
if [[ $funcstack[1] == _hookline ]]; then
  _hookline "$@"
else
  compdef _hookline hookline
fi`;
}

/** Shell functions that print lines of a word, a tab and its description; \`@file\` alone means any file. */
function tables(commands: readonly CommandFacts[]): string {
  const [program] = commands;
  const everywhere = program?.options ?? [];
  const valued = new Set(
    commands.flatMap(({ options }) =>
      options.filter(one => one.takesValue).flatMap(({ names }) => names),
    ),
  );
  return [
    shellFunction('_hookline_takes', 'case $1 in', [
      `${[...valued].map(quote).join(' | ')}) return 0 ;;`,
      '*) return 1 ;;',
    ]),
    shellFunction('_hookline_below', 'case "$1 $2" in', [
      `${commands
        .filter(({ path }) => path.length > 0)
        .map(({ path }) => quote(keyOf(path)))
        .join(' | ')}) return 0 ;;`,
      '*) return 1 ;;',
    ]),
    shellFunction('_hookline_words', 'case $1 in', commands.flatMap(wordsOf(commands))),
    shellFunction(
      '_hookline_options',
      'case $1 in',
      commands.map(({ path, options }) =>
        branch(
          keyOf(path),
          [...options, ...(path.length > 0 ? everywhere : []), help].flatMap(linesOfOption),
        ),
      ),
    ),
    shellFunction(
      '_hookline_values',
      'case "$1|$2" in',
      commands.flatMap(({ path, options }) => options.flatMap(valuesOf(path))),
    ),
  ].join('\n');
}

/** Key of a command in the tables: each of its words with a space before it, as in \`at\`. */
const keyOf = (path: readonly string[]): string => path.map(name => ` ${name}`).join('');

const help: Pick<OptionFacts, 'names' | 'description'> = {
  names: ['-h', '--help'],
  description: 'display help for command',
};

function wordsOf(commands: readonly CommandFacts[]) {
  return ({ path, commands: names, arguments: args }: CommandFacts): string[] => {
    const key = keyOf(path);
    if (names.length > 0) {
      const about = new Map(commands.map(one => [keyOf(one.path), one.description]));
      return [
        branch(
          key,
          names.map(name => `${name}\\t${about.get(`${key} ${name}`) ?? ''}`),
        ),
      ];
    }
    const [argument] = args;
    if (argument?.isFile === true) return [branch(key, ['@file'])];
    return argument && argument.choices.length > 0
      ? [
          branch(
            key,
            argument.choices.map(choice => `${choice}\\t`),
          ),
        ]
      : [];
  };
}

const linesOfOption = ({
  names,
  description,
}: Pick<OptionFacts, 'names' | 'description'>): string[] =>
  names.map(name => `${name}\\t${description}`);

function valuesOf(path: readonly string[]) {
  return ({ names, choices, isFile }: OptionFacts): string[] => {
    if (choices.length === 0 && !isFile) return [];
    const lines = isFile ? ['@file'] : choices.map(choice => `${choice}\\t`);
    // Every command takes the program's own options.
    const keys = names.map(name =>
      path.length === 0 ? `*${quote(`|${name}`)}` : quote(`${keyOf(path)}|${name}`),
    );
    return [`${keys.join(' | ')}) ${print(lines)} ;;`];
  };
}

const branch = (key: string, lines: readonly string[]): string =>
  `${quote(key)}) ${print(lines)} ;;`;

const print = (lines: readonly string[]): string => `printf '%b\\n' ${lines.map(quote).join(' ')}`;

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const shellFunction = (name: string, head: string, branches: readonly string[]): string =>
  [`${name}() {`, `  ${head}`, ...branches.map(line => `    ${line}`), '  esac', '}'].join('\n');
