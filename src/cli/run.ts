/**
 * The command line. Exit codes: 0 done, 1 could not be done, 2 wrong usage or configuration.
 */
import { Command, CommanderError } from 'commander';

import { ConfigError } from '../event/errors.ts';
import { addAccessCommands } from './access.ts';
import { addSharedOptions } from './context.ts';
import type { Cli } from './context.ts';
import { addDirectorySyncCommands } from './directory-sync.ts';
import { addDirectoryCommands } from './directory.ts';
import { addDeliveryCommands, addEventCommands } from './flow.ts';
import { addFormatCommands } from './format.ts';
import { addImportCommands } from './import.ts';
import { addListenCommand } from './listen.ts';
import { addOperatorCommands } from './operate.ts';
import { addAuditCommand, addSettingCommands } from './setting.ts';
import { addWebhookCommands } from './webhook.ts';

/**
 * Runs one command, and says on `io` what went wrong.
 *
 * @param args without the program's name: `['webhook', 'list']`.
 * @returns the exit code. After `serve` the process goes on running.
 */
export async function runCommand(
  args: readonly string[],
  version: string,
  cli: Cli,
): Promise<number> {
  const program = createProgram(version, cli);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    return report(error, cli);
  }
}

function createProgram(version: string, cli: Cli): Command {
  const program = new Command('hookline');
  program
    .description(
      "Turns the events on a cloud's bus into recorded, signed, retried webhook deliveries.",
    )
    .version(version)
    .configureOutput({
      writeOut: text => cli.io.out(text.trimEnd()),
      writeErr: text => cli.io.err(text.trimEnd()),
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Add --help for what is possible.')
    .exitOverride();
  addSharedOptions(program);
  addOperatorCommands(program, cli);
  addAccessCommands(program, cli);
  addWebhookCommands(program, cli);
  addFormatCommands(program, cli);
  addDeliveryCommands(program, cli);
  addEventCommands(program, cli);
  addDirectoryCommands(program, cli);
  addDirectorySyncCommands(program, cli);
  addImportCommands(program, cli);
  addSettingCommands(program, cli);
  addAuditCommand(program, cli);
  addListenCommand(program, cli);
  return program;
}

function report(error: unknown, { io }: Cli): number {
  // Commander has said already what was wrong, or printed the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ConfigError) {
    for (const problem of error.problems) io.err(problem);
    return 2;
  }
  io.err(describe(error));
  return 1;
}

/** These two are never somebody else's doing: who reports one needs the place. */
function describe(error: unknown): string {
  if (error instanceof TypeError || error instanceof RangeError)
    return error.stack ?? error.message;
  return error instanceof Error ? error.message : String(error);
}
