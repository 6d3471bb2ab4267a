/** Turns rows of commands into Commander's commands. */
import { type Argument, type Command, Option } from 'commander';

import { readOption, takesInput } from './input.ts';
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

/** @param definitions each group before its commands. */
export function addCommands(
  program: Command,
  cli: Cli,
  definitions: readonly CommandDefinition[],
): void {
  for (const definition of definitions) addCommand(program, cli, definition);
}

function addCommand(program: Command, cli: Cli, definition: CommandDefinition): void {
  const words = definition.words.split(' ');
  const names = words.filter(word => /^\w/.test(word));
  const parent = names.slice(0, -1).reduce(groupNamed, program);
  const nameAndArguments = words.slice(names.length - 1).join(' ');
  if (!isAction(definition)) {
    parent.command(nameAndArguments).description(definition.about);
    return;
  }
  const { about, options = {}, isDefault = false, help } = definition;
  const command = parent.command(nameAndArguments, { isDefault }).description(about);
  for (const argument of command.registeredArguments)
    addDetails(argument, definition.arguments?.[argument.name()]);
  for (const option of Object.values(options)) addOption(command, option);
  if (help !== undefined) command.addHelpText('after', help);
  command.action(async () => {
    const typed: readonly unknown[] = command.processedArgs;
    const values = {
      ...Object.fromEntries(
        command.registeredArguments.map((argument, at) => [argument.name(), typed[at]]),
      ),
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

function addDetails(argument: Argument, definition: ArgumentDefinition = {}): void {
  const { about, choices, parse } =
    typeof definition === 'string' ? { about: definition } : definition;
  argument.description = about ?? '';
  if (choices) argument.choices(choices);
  if (parse) argument.argParser(argument.variadic ? collect(parse) : parse);
}

function addOption(command: Command, definition: OptionDefinition): void {
  const details = detailsOf(definition);
  const { choices, parse, isRepeated, isUnsetByEmpty, isRequired, conflicts, negated } = details;
  const option = toOption(definition).default(details.default);
  if (choices) option.choices(choices);
  if (isRepeated) option.argParser(collect(parse ?? (text => text)));
  // An empty text goes round the parser: it means null, which Commander would turn into something else.
  else if (parse) option.argParser(text => (isUnsetByEmpty && text === '' ? text : parse(text)));
  if (isRequired) option.makeOptionMandatory();
  if (conflicts) option.conflicts([...conflicts]);
  command.addOption(option);
  if (negated !== undefined) command.option(option.flags.replace('--', '--no-'), negated);
}

const detailsOf = (definition: OptionDefinition): DetailedOption =>
  typeof definition === 'string' ? { usage: definition } : definition;

function toOption(definition: OptionDefinition): Option {
  const [flags = '', about] = detailsOf(definition).usage.split('  ');
  return new Option(flags, about);
}

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
    const { input, isUnsetByEmpty } = detailsOf(definition);
    const value = typed[toOption(definition).attributeName()];
    if (input !== undefined && takesInput(input, value)) {
      if (isRead) command.error('error: standard input can be the value of one option only');
      isRead = true;
    }
    const given = input === undefined ? value : await readOption(cli, input, value);
    values[field] = isUnsetByEmpty && given === '' ? null : given;
  }
  return values;
}
