/** Parses a command's parameters to the types of its definition; pure. */
import type { Role } from '../../../store/schema/access-words.ts';
import { invalidParameter } from './command-error.ts';
import type { CommandError } from './command-error.ts';
import { lengthMax } from './definition.ts';
import type { CommandDefinition, ParameterDefinition } from './definition.ts';
import { parseDate } from './instant.ts';
import type { Parameters } from './parameters.ts';

type Value = string | boolean | number | Date;

/** Parsed parameters: undefined when absent, or when the caller's role may not send it. */
export interface Arguments {
  text(name: string): string | undefined;
  flag(name: string): boolean | undefined;
  whole(name: string): number | undefined;
  instant(name: string): Date | undefined;
}

/**
 * Unknown parameters are ignored, as in CloudStack.
 *
 * @param parameters by lower-case name.
 * @throws {CommandError} with CloudStack's texts.
 */
export function readArguments(
  command: CommandDefinition,
  parameters: Parameters,
  role: Role,
): Arguments {
  const values = new Map<string, Value>();
  for (const definition of command.parameters) {
    if (definition.roles && !definition.roles.includes(role)) continue;
    const value = readParameter(command, definition, parameters.get(definition.name));
    if (value !== undefined) values.set(definition.name, value);
  }
  return {
    text: name => ofType(values.get(name), isText),
    flag: name => ofType(values.get(name), isFlag),
    whole: name => ofType(values.get(name), isWhole),
    instant: name => ofType(values.get(name), isInstant),
  };
}

function readParameter(
  { name: command }: CommandDefinition,
  definition: ParameterDefinition,
  given: string | undefined,
): Value | undefined {
  const { name, kind, required } = definition;
  const unable = `Unable to execute API command ${command.toLowerCase()}`;
  if (given === undefined) {
    if (!required) return undefined;
    throw invalidParameter(`${unable} due to missing parameter ${name}`);
  }
  if (required && given.trim() === '') {
    throw invalidParameter(`Empty or null value provided for API arg: ${name}`);
  }
  switch (kind) {
    case 'string':
    case 'cloudId':
      refuseLong(definition, given, unable);
      return given;
    case 'uuid':
      if (isUuid(given)) return given.toLowerCase();
      throw unknownEntity(command, name, given);
    case 'boolean':
      return (
        readFlag(given) ?? refuse(`${unable} due to invalid value ${given} for parameter ${name}`)
      );
    case 'integer':
      return given.trim() === ''
        ? undefined
        : readWhole(given, `${unable} due to invalid value ${given} for parameter ${name}`);
    case 'date':
      return (
        parseDate(given, name === 'enddate') ??
        refuse(
          `Unable to parse date ${given} for command ${command.toLowerCase()}, please pass dates in the format mentioned in the api documentation`,
        )
      );
  }
}

/** CloudStack's error for an id of no object. */
export const unknownEntity = (command: string, name: string, given: string): CommandError =>
  invalidParameter(
    `Unable to execute API command ${command.toLowerCase()} due to invalid value. Invalid parameter ${name} value=${given} due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the field in api cmd class.`,
  );

function refuseLong(definition: ParameterDefinition, given: string, unable: string): void {
  const { name, field = name, lengthMax: max = lengthMax } = definition;
  if (given.length <= max) return;
  throw invalidParameter(
    `${unable} due to invalid value. Value greater than max allowed length ${max} for param: ${field}`,
  );
}

const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);

/** Accepts only true and false. CloudStack reads anything else as false: `sslverification=yes` would turn it off. */
function readFlag(given: string): boolean | undefined {
  const word = given.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

const wholeMax = 2 ** 31 - 1;

function readWhole(given: string, errorText: string): number {
  const value = /^[+-]?\d{1,10}$/.test(given) ? Number(given) : Number.NaN;
  return Math.abs(value) <= wholeMax ? value : refuse(errorText);
}

function refuse(text: string): never {
  throw invalidParameter(text);
}

const isText = (value: Value): value is string => typeof value === 'string';
const isFlag = (value: Value): value is boolean => typeof value === 'boolean';
const isWhole = (value: Value): value is number => typeof value === 'number';
const isInstant = (value: Value): value is Date => value instanceof Date;

function ofType<T extends Value>(
  value: Value | undefined,
  is: (value: Value) => value is T,
): T | undefined {
  if (value === undefined || is(value)) return value;
  throw new RangeError('a parameter was read as another type than that of its definition');
}
