/** Runs a command line; `failure.ts` has the exit codes. */
import type { Cli } from './context.ts';
import { exitCodes, reportFailure } from './terminal/failure.ts';
import { createProgram } from './program.ts';

/**
 * Runs one command, and says on `io` what went wrong: with `--json` as a problem in one line.
 *
 * @param args without the program's name: `['webhook', 'list']`.
 * @returns the exit code. After `serve` the process goes on running.
 */
export async function runCommand(
  args: readonly string[],
  version: string,
  cli: Cli,
): Promise<number> {
  const json = wantsJson(args);
  const program = createProgram(version, cli, { quiet: json });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    return reportFailure(error, { say: line => cli.io.err(line), json });
  }
}

/** Looked for by hand, because it counts also where the rest of the command line cannot be understood. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes('--json');
}
