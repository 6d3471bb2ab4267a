/** Why a command was not done: in words for people, as a problem for scripts, and as the exit code. */
import { CommanderError } from 'commander';

import { ConfigError } from '../../event/errors.ts';
import type { Row } from './show.ts';

/** Public: scripts tell by them what happened. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  access: 3,
  missing: 4,
  away: 5,
  differs: 6,
} as const;

export type Outcome = keyof typeof exitCodes;

/** For the documentation. */
export const exitCodeMeanings: Readonly<Record<Outcome, string>> = {
  done: 'done',
  failed:
    'could not be done: Hookline refused it, a check of `doctor` failed, or part of `apply` did',
  usage:
    'wrong usage, or a configuration or file that cannot be used; nothing was asked or changed',
  access: 'not logged in, or not allowed',
  missing: 'there is no such thing',
  away: 'Hookline, or its database, cannot be reached',
  differs: '`apply --dry-run --exit-code` found something to do',
};

export interface CommandErrorOptions {
  /** `failed` when absent. */
  readonly outcome?: Exclude<Outcome, 'done'>;
  /** Stable, for scripts; a problem's own code goes before it. */
  readonly code?: string;
  /** What the API answered (RFC 9457). */
  readonly problem?: Row;
  readonly cause?: unknown;
}

/** The command could not be done. Its message is for people and says what to try. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: string;
  readonly outcome: Exclude<Outcome, 'done'>;
  readonly problem: Row;

  constructor(message: string, options: CommandErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = options.code ?? 'command_failed';
    this.outcome = options.outcome ?? 'failed';
    this.problem = options.problem ?? {};
  }
}

/**
 * Says what went wrong.
 *
 * @param options.say writes a line to where errors go; `json` makes it a problem (RFC 9457).
 * @returns the exit code.
 */
export function reportFailure(
  error: unknown,
  { say, json }: { say: (line: string) => void; json: boolean },
): number {
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
  const { outcome, said, problem } = explainFailure(error);
  const exitCode = exitCodes[outcome];
  if (json) say(JSON.stringify({ ...problem, exitCode }));
  // Commander has said already what was wrong with the command line.
  else if (!(error instanceof CommanderError)) say(said);
  return exitCode;
}

interface Explained {
  readonly outcome: Outcome;
  readonly said: string;
  readonly problem: Row;
}

function explainFailure(error: unknown): Explained {
  if (error instanceof CommanderError) {
    const detail = usageOf(error);
    return { outcome: 'usage', said: detail, problem: problemOf('usage_invalid', detail) };
  }
  if (error instanceof ConfigError) {
    const { problems, message, code } = error;
    return { outcome: 'usage', said: message, problem: { ...problemOf(code, message), problems } };
  }
  if (error instanceof CommandError) {
    const { outcome, message, code, problem } = error;
    return { outcome, said: message, problem: { ...problemOf(code, message), ...problem } };
  }
  const said = describe(error);
  return { outcome: 'failed', said, problem: problemOf('command_failed', said) };
}

/** Help in place of an error: the command was not named in full. */
function usageOf({ code, message }: CommanderError): string {
  return code === 'commander.help'
    ? 'A command is missing; --help lists them.'
    : message.replace(/^error: /, '');
}

const problemOf = (code: string, detail: string): Row => ({
  type: `urn:hookline:problem:${code}`,
  detail,
  code,
});

/** These two are never somebody else's doing: who reports one needs the place. */
function describe(error: unknown): string {
  if (error instanceof TypeError || error instanceof RangeError)
    return error.stack ?? error.message;
  return error instanceof Error ? error.message : String(error);
}
