/** The commands of the program as data, for completion and for `docs/cli.md`. */
import type { Argument, Command, Option } from 'commander';

export interface CommandFacts {
  /** Words after the program's name: `['webhook', 'list']`; none for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly arguments: readonly ArgumentFacts[];
  readonly options: readonly OptionFacts[];
  /** Names of its subcommands, in the order of the help. */
  readonly commands: readonly string[];
}

export interface ArgumentFacts {
  /** `<id...>`, `[id]`. */
  readonly written: string;
  readonly description: string;
  readonly choices: readonly string[];
  readonly isFile: boolean;
}

export interface OptionFacts {
  /** `-f, --file <file>`. */
  readonly written: string;
  /** `-f` and `--file`. */
  readonly names: readonly string[];
  readonly description: string;
  readonly choices: readonly string[];
  readonly isFile: boolean;
  readonly takesValue: boolean;
  readonly isRequired: boolean;
  /** Undefined where there is no default, or the default is a flag that is not set. */
  readonly default: string | undefined;
}

/** Describes every command, each before its subcommands. */
export function describeProgram(program: Command): readonly CommandFacts[] {
  return describeCommand(program, []);
}

function describeCommand(command: Command, path: readonly string[]): readonly CommandFacts[] {
  const facts: CommandFacts = {
    path,
    description: command.description(),
    arguments: command.registeredArguments.map(describeArgument),
    options: command.options.map(describeOption),
    commands: command.commands.map(one => one.name()),
  };
  return [facts, ...command.commands.flatMap(one => describeCommand(one, [...path, one.name()]))];
}

function describeArgument(argument: Argument): ArgumentFacts {
  const { description, argChoices, required, variadic } = argument;
  const name = argument.name() + (variadic ? '...' : '');
  return {
    written: required ? `<${name}>` : `[${name}]`,
    description,
    choices: argChoices ?? [],
    isFile: argument.name() === 'file',
  };
}

function describeOption(option: Option): OptionFacts {
  const { flags, short, long, description, argChoices, mandatory, required, optional } = option;
  return {
    written: flags,
    names: [short, long].filter(name => name !== undefined),
    description,
    choices: argChoices ?? [],
    // Options whose value is a file have this placeholder.
    isFile: flags.endsWith('<file>'),
    takesValue: required || optional,
    isRequired: mandatory,
    default: showDefault(option),
  };
}

function showDefault({ defaultValue, negate }: Option): string | undefined {
  const isShown = typeof defaultValue === 'string' || typeof defaultValue === 'number';
  return isShown && !negate ? String(defaultValue) : undefined;
}
