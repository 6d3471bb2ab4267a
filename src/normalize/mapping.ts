/**
 * An operator's rules for finding the facts of an event: for each, a JSON Pointer or a JSONata expression.
 *
 *     event: /type                                   the text at that place (RFC 6901)
 *     status: state = "ok" ? "Completed" : "Failed"  the value of the expression (https://docs.jsonata.org)
 *     source: '"billing"'                            a constant, as JSONata writes it
 *
 * A rule that begins with `/` is a pointer. Beside the message, expressions know `$headers`, `$routingKey` and `$key`.
 *
 * JSONata is version 1.8: from 2.0 on an expression can only be awaited, and normalizing is not asynchronous.
 */
import jsonata from 'jsonata';

import { factNamesOfKind } from '../event/envelope.ts';
import { ConfigError, MalformedMessageError } from '../event/errors.ts';
import type { Message } from '../event/message.ts';
import type { Facts } from './facts.ts';
import { isObject } from './value/json.ts';

/**
 * The keys of a mapping: the facts that it may find, the event's own name (`key`), and the place of the list in a
 * message of several events (`events`).
 */
export const mappable = [
  ...factNamesOfKind('name', 'text', 'instant', 'object'),
  'key',
  'events',
] as const;

type Mappable = (typeof mappable)[number];

/** The rules by key; each is the text of a pointer or an expression. */
export type MappingRules = { readonly [K in Mappable]?: string };

/** Finds one fact; undefined where it is not. */
type Finder = (view: unknown, message: Message) => unknown;

export interface Mapping {
  /**
   * Finds facts in the part of a message that is one event; those that are not there are left out.
   *
   * @throws {MalformedMessageError} when an expression fails on it, or answers with an object where text belongs.
   */
  factsIn(this: void, view: unknown, message: Message): Partial<Facts>;
  /** Finds the list of events; undefined without such a rule. @throws {MalformedMessageError} as `factsIn`. */
  eventsIn(this: void, body: unknown, message: Message): unknown;
}

/** Maximum number of steps of an expression on one message; one that takes more may never end. */
const stepCountMax = 100_000;

/** Compiles the rules. @throws {ConfigError} with a line for each that is neither a pointer nor an expression. */
export function compileMapping(rules: MappingRules): Mapping {
  const problems: string[] = [];
  const finders = mappable.flatMap(fact => {
    const rule = rules[fact];
    if (rule === undefined) return [];
    const finder = compile(fact, rule, problems);
    return finder === undefined ? [] : [{ fact, finder }];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  const ofEvents = finders.find(({ fact }) => fact === 'events')?.finder;
  const ofFacts = finders.filter(({ fact }) => fact !== 'events');
  return {
    factsIn(view, message) {
      const found: Record<string, unknown> = {};
      for (const { fact, finder } of ofFacts) {
        const value = finder(view, message);
        const known = fact === 'details' ? objectOf(value) : nameOf(fact, value);
        if (known !== undefined) found[fact] = known;
      }
      return found;
    },
    eventsIn: (body, message) => ofEvents?.(body, message),
  };
}

function compile(fact: string, rule: string, problems: string[]): Finder | undefined {
  if (rule.startsWith('/')) {
    if (!/~(?![01])/.test(rule)) return pointer(rule);
    problems.push(
      `mapping.${fact}: ${JSON.stringify(rule)}: expected ~0 for ~ and ~1 for / within a JSON Pointer`,
    );
    return undefined;
  }
  try {
    return expression(fact, rule);
  } catch (error) {
    problems.push(
      `mapping.${fact}: ${JSON.stringify(rule)}: expected a JSON Pointer, which begins with /, or a JSONata expression: ${faultOf(error)}`,
    );
    return undefined;
  }
}

/** Source: RFC 6901, sections 3 and 4. */
function pointer(rule: string): Finder {
  const keys = rule
    .slice(1)
    .split('/')
    .map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return view => {
    let found = view;
    for (const key of keys) {
      if (Array.isArray(found))
        found = /^(?:0|[1-9]\d*)$/.test(key) ? found[Number(key)] : undefined;
      else found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
    }
    return found;
  };
}

function expression(fact: string, rule: string): Finder {
  const compiled = jsonata(rule);
  let steps = 0;
  // JSONata calls a function of this name before each step, if there is one.
  compiled.assign('__evaluate_entry', () => {
    steps += 1;
    if (steps > stepCountMax) throw new RangeError(`more than ${stepCountMax} steps`);
  });
  return (view, { headers = {}, routingKey, key }) => {
    steps = 0;
    try {
      const found: unknown = compiled.evaluate(view, { headers, routingKey, key });
      return found;
    } catch (error) {
      throw new MalformedMessageError(`mapping.${fact} fails on this message: ${codeOf(error)}`, {
        cause: error,
      });
    }
  };
}

/** The reason why a rule cannot be compiled. JSONata throws plain objects, whose message quotes the rule. */
function faultOf(error: unknown): string {
  if (!isObject(error) || typeof error['message'] !== 'string') return String(error);
  const { message, position } = error;
  return typeof position === 'number' ? `${message} (character ${position})` : message;
}

/**
 * The reason why a rule failed on a message: the code and the position alone, because JSONata's text may quote the
 * message.
 */
function codeOf(error: unknown): string {
  if (error instanceof RangeError) return error.message;
  const code = isObject(error) && typeof error['code'] === 'string' ? error['code'] : 'no code';
  const position = isObject(error) && error['position'];
  return typeof position === 'number' ? `JSONata ${code}, character ${position}` : code;
}

function nameOf(fact: string, value: unknown): unknown {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string' || typeof value === 'number') return value;
  throw new MalformedMessageError(
    `mapping.${fact} finds ${Array.isArray(value) ? 'a list' : `a value of the type ${typeof value}`}; expected text or a number`,
  );
}

function objectOf(value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (isObject(value)) return value;
  throw new MalformedMessageError('mapping.details finds no object; expected one');
}
