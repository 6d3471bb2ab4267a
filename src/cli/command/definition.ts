/**
 * Commands as rows of tables: each states its words, arguments and options, and the request it makes or the code it
 * runs. `build.ts` turns rows into Commander's commands, `run.ts` makes the requests.
 *
 * Arguments and options are named as the REST API's fields are, so that what was typed is a query or a body as it is.
 */
import type { CommandContext } from '../context.ts';
import type { Method } from '../terminal/client.ts';
import type { Row } from '../terminal/show.ts';

export type CommandDefinition = GroupDefinition | ActionDefinition;

/** Words that lead to other commands, such as `user key`. It comes before these. */
export interface GroupDefinition {
  readonly words: string;
  /** One sentence for help and `docs/cli.md`, without a capital and a full stop. */
  readonly about: string;
}

export type ActionDefinition = ListDefinition | ShowDefinition | SendDefinition | CodeDefinition;

/** Everything but what the command does. */
interface Usage extends GroupDefinition {
  /** With the arguments: `user key delete <username> <id...>`. */
  readonly words: string;
  /** Arguments that need more than their name. */
  readonly arguments?: ArgumentDefinitions;
  readonly options?: OptionDefinitions;
  /** Runs where its group is named alone. */
  readonly isDefault?: true;
  /** Text below the options in the command's help. */
  readonly help?: string;
}

/** A request of the REST API. An argument or option that is not in the path is a field of the query or the body. */
interface Request extends Usage {
  /** Arguments stand in braces: `/v1/users/{username}/keys`. */
  readonly path: string;
  /**
   * Turns a row as the API answers it into the one that people see; JSON is printed as it came. What it reads of the
   * answer is its parameter's type, an alias and no interface.
   */
  digest?(this: void, row: Row): Row;
}

/** Reads a list and prints a table. It is read page by page where there is an option `limit`, otherwise in one request. */
export interface ListDefinition extends Request {
  /** Fields of a row, in order. */
  readonly columns: readonly string[];
}

/** Reads one thing and prints its fields. */
export type ShowDefinition = Request;

/** Creates, updates or deletes; with a last argument such as `<id...>` by one request for each value. */
export interface SendDefinition extends Request {
  readonly method: Method;
  /** Fields that are sent whatever was typed. */
  readonly body?: Row;
  /**
   * Message to people when it is done, with fields of the answer or arguments in braces: `{id} deleted`. With `--json`
   * it is the last argument and the answer. Absent: the answer is printed.
   */
  readonly done?: string;
  /** Message in place of `done`, where it takes more than filling in. */
  describe?(this: void, values: Row, answer: Row): string;
}

/** Anything that is not one request. */
export interface CodeDefinition extends Usage {
  /** @param values arguments and options by their names. */
  run(context: CommandContext, values: Row): Promise<void> | void;
}

export type ArgumentDefinitions = Readonly<Record<string, ArgumentDefinition>>;

export interface ArgumentDefinition {
  readonly about?: string;
  readonly choices?: readonly string[];
  /** @throws {InvalidArgumentError} */
  readonly parse?: (text: string) => unknown;
}

export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

export interface OptionDefinition {
  /** `--account <id>`; without a value it is a flag. */
  readonly flags: string;
  readonly about: string;
  readonly choices?: readonly string[];
  /** @throws {InvalidArgumentError} */
  readonly parse?: (text: string) => unknown;
  readonly default?: unknown;
  readonly isRequired?: true;
  /** It may be given again; its value is an array. */
  readonly isRepeated?: true;
  /** `-` reads it from standard input: all of it, or a line without its end. */
  readonly input?: 'text' | 'line';
  /** An empty text is null, which unsets the field. */
  readonly isUnsetByEmpty?: true;
  /** What `--no-…` means; a flag alone. */
  readonly negated?: string;
  /** Flags it cannot be given with. */
  readonly conflicts?: readonly string[];
}

/** A command whose action is code: the types of its values follow from its words and options. */
export function defineCommand<
  const Words extends string,
  const Arguments extends ArgumentDefinitions,
  const Options extends OptionDefinitions,
>(
  definition: Omit<Usage, 'words' | 'arguments' | 'options'> & {
    readonly words: Words;
    readonly arguments?: Arguments;
    readonly options?: Options;
    run(
      this: void,
      context: CommandContext,
      values: ArgumentValues<Words, Arguments> & OptionValues<Options>,
    ): Promise<void> | void;
  },
): CodeDefinition;
export function defineCommand(definition: CodeDefinition): CodeDefinition {
  return definition;
}

type ArgumentValues<Words extends string, Arguments> = Words extends `${infer Word} ${infer Rest}`
  ? ArgumentValue<Word, Arguments> & ArgumentValues<Rest, Arguments>
  : ArgumentValue<Words, Arguments>;

type ArgumentValue<Word extends string, Arguments> = Word extends `<${infer Name}...>`
  ? { readonly [Key in Name]: readonly Parsed<Arguments, Key>[] }
  : Word extends `[${infer Name}...]`
    ? { readonly [Key in Name]: readonly Parsed<Arguments, Key>[] }
    : Word extends `<${infer Name}>`
      ? { readonly [Key in Name]: Parsed<Arguments, Key> }
      : Word extends `[${infer Name}]`
        ? { readonly [Key in Name]?: Parsed<Arguments, Key> }
        : unknown;

type Parsed<Definitions, Name> = Name extends keyof Definitions
  ? ParsedText<Definitions[Name]>
  : string;

type ParsedText<Definition> = Definition extends { parse: (text: string) => infer Value }
  ? Value
  : Definition extends { choices: readonly (infer Choice)[] }
    ? Choice
    : string;

/** A command without options has no values of them. */
type OptionValues<Options> = string extends keyof Options
  ? unknown
  : {
      readonly [Name in keyof Options]: Options[Name] extends
        | { isRequired: true }
        | { default: unknown }
        ? OptionValue<Options[Name]>
        : OptionValue<Options[Name]> | undefined;
    };

type OptionValue<Definition> = Definition extends { flags: `${string}<${string}` }
  ? Definition extends { isRepeated: true }
    ? readonly ParsedText<Definition>[]
    : ParsedText<Definition> | (Definition extends { isUnsetByEmpty: true } ? null : never)
  : boolean;
