/** Errors of commands: as text for people, as a problem for scripts, and as the exit code. */
import { CommanderError } from 'commander';

import { ConfigError } from '../../event/errors.ts';
import type { Row } from './show.ts';

/** Scripts depend on them; a code never gets another meaning. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  access: 3,
  missing: 4,
  away: 5,
  differs: 6,
  /** A shell's code for SIGPIPE. */
  unread: 141,
} as const;

export type ExitReason = keyof typeof exitCodes;

/** Meaning of each exit code, for `docs/cli.md`. */
export const exitCodeMeanings: Readonly<Record<ExitReason, string>> = {
  done: 'done',
  failed: 'failed: Hookline refused it, a check of `doctor` failed, or part of `apply` did',
  usage: 'wrong usage, or a configuration or file that cannot be used; nothing was read or changed',
  access: 'not logged in, or not allowed',
  missing: 'not found',
  away: 'Hookline, or its database, cannot be reached',
  differs: '`apply --dry-run --exit-code` found something to do',
  unread: 'nobody read the rest of the output, as with `| head`',
};

/** An error as the API answers it (RFC 9457). */
export type Problem = Row & {
  readonly code?: string;
  readonly detail?: string;
  /** JSON Pointers to fields, with what is wrong there. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
};

export interface CommandErrorOptions {
  /** `failed` when absent. */
  readonly outcome?: Exclude<ExitReason, 'done'>;
  /** Stable code for scripts; the code of `problem` takes precedence. */
  readonly code?: string;
  readonly problem?: Problem;
  readonly cause?: unknown;
}

/** A command that failed. Its message is for people and says what to try; `reportFailure` catches it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: string;
  readonly outcome: Exclude<ExitReason, 'done'>;
  readonly problem: Problem;

  constructor(message: string, options: CommandErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = options.code ?? 'command_failed';
    this.outcome = options.outcome ?? 'failed';
    this.problem = options.problem ?? {};
  }
}

/**
 * Writes what went wrong.
 *
 * @param options.write writes a line to standard error; `json` makes it a problem (RFC 9457).
 * @returns the exit code.
 */
export function reportFailure(
  error: unknown,
  { write, json }: { write: (line: string) => void; json: boolean },
): number {
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
  const { outcome, message, problem } = explainFailure(error);
  const exitCode = exitCodes[outcome];
  if (json) write(JSON.stringify({ ...problem, exitCode }));
  // Commander has written already what is wrong with the command line.
  else if (!(error instanceof CommanderError)) write(message);
  return exitCode;
}

interface Failure {
  readonly outcome: ExitReason;
  readonly message: string;
  readonly problem: Row;
}

function explainFailure(error: unknown): Failure {
  if (error instanceof CommanderError) {
    const detail = usageOf(error);
    return { outcome: 'usage', message: detail, problem: problemOf('usage_invalid', detail) };
  }
  if (error instanceof ConfigError) {
    const { problems, message, code } = error;
    return { outcome: 'usage', message, problem: { ...problemOf(code, message), problems } };
  }
  if (error instanceof CommandError) {
    const { outcome, message, code, problem } = error;
    return { outcome, message, problem: { ...problemOf(code, message), ...problem } };
  }
  const message = describe(error);
  return { outcome: 'failed', message, problem: problemOf('command_failed', message) };
}

/** Commander's message; where it shows help instead of an error, the command is not named in full. */
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

/** A TypeError or RangeError is a bug of this program: whoever reports it needs the stack. */
function describe(error: unknown): string {
  if (error instanceof TypeError || error instanceof RangeError)
    return error.stack ?? error.message;
  return error instanceof Error ? error.message : String(error);
}
