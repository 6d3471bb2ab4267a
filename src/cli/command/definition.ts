/**
 * Commands as rows of tables: each states its words, arguments and options, and the request it makes or the code it
 * runs. `build.ts` turns rows into Commander's commands, `run.ts` makes the requests.
 *
 * Arguments and options are named as the REST API's fields are, so that what was typed is a query or a body as it is.
 */
import type { CommandContext } from '../context.ts';
import type { Row } from '../terminal/show.ts';

export type CommandDefinition = GroupDefinition | ActionDefinition;

/** Words that lead to other commands, such as `user key`. It comes before these. */
export interface GroupDefinition {
  readonly words: string;
  /** One sentence for help and `docs/cli.md`, without a capital and a full stop. */
  readonly about: string;
}

export type ActionDefinition = RequestDefinition | CodeDefinition;

/** A command without what it does. */
interface Usage<Words, Arguments, Options> {
  /** With the arguments: `user key delete <username> <id...>`. */
  readonly words: Words;
  readonly about: string;
  /** Arguments that need more than their name. */
  readonly arguments?: Arguments;
  readonly options?: Options;
  /** Runs where its group is named alone. */
  readonly isDefault?: true;
  /** Text below the options in the command's help. */
  readonly help?: string;
}

type AnyUsage = Usage<string, ArgumentDefinitions, OptionDefinitions>;

/**
 * One request of the REST API. Arguments and options that are not in its path are its query, with POST, PUT and PATCH
 * its body. A last argument such as `<id...>` makes a request for each value.
 */
export interface RequestDefinition extends AnyUsage {
  /** Arguments in the path stand in braces: `DELETE /v1/users/{username}/keys/{id}`. */
  readonly request: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;
  /** Fields of the body whatever was typed. */
  readonly body?: Row;
  /**
   * Fields of the table that a list is printed as, with spaces between them. A list is read page by page where there is
   * an option `limit`, otherwise in one request.
   */
  readonly columns?: string;
  /**
   * Turns a row as the API answers it into the one that people see; JSON is printed as it came. Its parameter's type is
   * what it reads of the answer: a type alias, no interface.
   */
  digest?(this: void, row: Row): Row;
  /**
   * Message printed in place of the answer, with fields of the answer or arguments in braces: `{id} deleted`, which
   * DELETE has by default. With `--json` it is the last argument and the answer.
   */
  readonly done?: string;
  /** Message in place of `done`, where it takes more than filling in. */
  describe?(this: void, values: Row, answer: Row): string;
}

/** A command that is more than one request. */
export interface CodeDefinition extends AnyUsage {
  /** @param values arguments and options by their names. */
  run(context: CommandContext, values: Row): Promise<void> | void;
}

/** A text is what an argument is about. */
export type ArgumentDefinition =
  | string
  | {
      readonly about?: string;
      readonly choices?: readonly string[];
      /** @throws {InvalidArgumentError} */
      readonly parse?: (text: string) => unknown;
    };

export type ArgumentDefinitions = Readonly<Record<string, ArgumentDefinition>>;

/** A text is the option's `usage`. */
export type OptionDefinition = string | DetailedOption;

export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

/**
 * What is read in place of the text that was typed:
 *
 * - `text`, `line`: for `-` standard input, all of it or a line without its end.
 * - `file`: the file that it names; `-` is standard input.
 * - `headers`: of an option that may be repeated, an object of the headers; `@file` is a value.
 */
export type InputKind = 'text' | 'line' | 'file' | 'headers';

export interface DetailedOption {
  /** Flags, two spaces, and what the option is about: `--account <id>  only of this account`. Without `<…>` a flag. */
  readonly usage: string;
  readonly choices?: readonly string[];
  /** @throws {InvalidArgumentError} */
  readonly parse?: (text: string) => unknown;
  readonly default?: unknown;
  readonly isRequired?: true;
  /** It may be given again; its value is an array. */
  readonly isRepeated?: true;
  readonly input?: InputKind;
  /** An empty text is null, which unsets the field. */
  readonly isUnsetByEmpty?: true;
  /** What `--no-…` is about, of a flag. */
  readonly negated?: string;
  /** Flags it cannot be given with. */
  readonly conflicts?: readonly string[];
}

/** A command that runs code; the types of its values follow from its words, arguments and options. */
export function defineCommand<
  const Words extends string,
  const Arguments extends ArgumentDefinitions,
  const Options extends OptionDefinitions,
>(
  definition: Usage<Words, Arguments, Options> & {
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

type ArgumentValue<Word extends string, Arguments> = Word extends
  | `<${infer Name}...>`
  | `[${infer Name}...]`
  ? { readonly [Key in Name]: readonly ArgumentType<Arguments, Key>[] }
  : Word extends `<${infer Name}>`
    ? { readonly [Key in Name]: ArgumentType<Arguments, Key> }
    : Word extends `[${infer Name}]`
      ? { readonly [Key in Name]?: ArgumentType<Arguments, Key> }
      : unknown;

type ArgumentType<Arguments, Name> = Name extends keyof Arguments
  ? Parsed<Arguments[Name]>
  : string;

type Parsed<Definition> = Definition extends { parse: (text: string) => infer Value }
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

type OptionValue<Definition> =
  FlagsOf<Definition> extends `${string}<${string}`
    ? Definition extends { isRepeated: true }
      ? readonly Parsed<Definition>[]
      : Parsed<Definition> | (Definition extends { isUnsetByEmpty: true } ? null : never)
    : boolean;

type FlagsOf<Definition> = Definition extends
  | `${infer Flags}  ${string}`
  | { usage: `${infer Flags}  ${string}` }
  ? Flags
  : never;
