/** Makes Commander's commands of rows. */
import { Argument, type Command, Option } from 'commander';

import type { Cli } from '../context.ts';
import type { Row } from '../terminal/show.ts';
import type {
  ActionDefinition,
  ArgumentDefinition,
  CommandDefinition,
  DetailedOption,
  OptionDefinition,
  OptionDefinitions,
} from './definition.ts';
import { runDefinition } from './run.ts';
import { parseWords } from './words.ts';

/** @param definitions each group before its commands. */
export function addCommands(
  program: Command,
  cli: Cli,
  definitions: readonly CommandDefinition[],
): void {
  for (const definition of definitions) addCommand(program, cli, definition);
}

function addCommand(program: Command, cli: Cli, definition: CommandDefinition): void {
  const words = parseWords(definition.words);
  const [name = ''] = words.names.slice(-1);
  const parent = words.names.slice(0, -1).reduce(groupNamed, program);
  if (!isAction(definition)) {
    parent.command(name).description(definition.about);
    return;
  }
  const { about, arguments: known = {}, options = {}, isDefault = false, help } = definition;
  const command = parent.command(name, { isDefault }).description(about);
  for (const one of words.arguments) command.addArgument(toArgument(one.written, known[one.name]));
  for (const option of Object.values(options)) addOption(command, option);
  if (help !== undefined) command.addHelpText('after', help);
  command.action(async () => {
    const typed: readonly unknown[] = command.processedArgs;
    const values = {
      ...Object.fromEntries(words.arguments.map((one, at) => [one.name, typed[at]])),
      ...(await optionValues(options, cli, command)),
    };
    await runDefinition({ ...cli, command }, definition, values);
  });
}

const isAction = (definition: CommandDefinition): definition is ActionDefinition =>
  'request' in definition || 'run' in definition;

function groupNamed(parent: Command, name: string): Command {
  const found = parent.commands.find(one => one.name() === name);
  if (found === undefined) throw new RangeError(`no group ${name} is defined before its commands`);
  return found;
}

function toArgument(word: string, definition: ArgumentDefinition = {}): Argument {
  const { about, choices, parse } =
    typeof definition === 'string' ? { about: definition } : definition;
  const argument = new Argument(word, about);
  if (choices) argument.choices(choices);
  if (parse) argument.argParser(argument.variadic ? collect(parse) : parse);
  return argument;
}

function addOption(command: Command, definition: OptionDefinition): void {
  const { usage, choices, parse, isRepeated, isUnsetByEmpty, negated, ...rest } =
    detailsOf(definition);
  const [flags = '', about] = usage.split('  ');
  const option = new Option(flags, about).default(rest.default);
  if (choices) option.choices(choices);
  if (isRepeated) option.argParser(collect(parse ?? (text => text)));
  // An empty text goes round the parser: it means null, which Commander would turn into something else.
  else if (parse) option.argParser(text => (isUnsetByEmpty && text === '' ? text : parse(text)));
  if (rest.isRequired) option.makeOptionMandatory();
  if (rest.conflicts) option.conflicts([...rest.conflicts]);
  command.addOption(option);
  if (negated !== undefined) command.option(flags.replace('--', '--no-'), negated);
}

const detailsOf = (definition: OptionDefinition): DetailedOption =>
  typeof definition === 'string' ? { usage: definition } : definition;

const collect =
  (parse: (text: string) => unknown) =>
  (text: string, before: unknown): unknown[] => [
    ...(Array.isArray(before) ? before : []),
    parse(text),
  ];

/** Typed values by the fields' names; undefined where an option was not given. */
async function optionValues(options: OptionDefinitions, cli: Cli, command: Command): Promise<Row> {
  const typed = command.opts<Row>();
  const values: Record<string, unknown> = {};
  let isRead = false;
  for (const [field, definition] of Object.entries(options)) {
    const { usage, input, isUnsetByEmpty } = detailsOf(definition);
    const value = typed[new Option(usage).attributeName()];
    if (input !== undefined && value === '-') {
      if (isRead) command.error('error: standard input can be the value of one option only');
      isRead = true;
      values[field] = await readInput(cli, input);
    } else values[field] = isUnsetByEmpty && value === '' ? null : value;
  }
  return values;
}

async function readInput({ io }: Cli, input: 'text' | 'line'): Promise<string> {
  const text = await io.readInput();
  return input === 'line' ? text.replace(/\r?\n$/, '') : text;
}
