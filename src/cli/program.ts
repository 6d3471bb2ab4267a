/** The program: all commands by groups of the help, and the run of a command line. */
import { Command } from 'commander';

import { loginCommands } from './access/login.ts';
import { tokenCommands } from './access/token.ts';
import { userCommands } from './access/user.ts';
import { applyCommand } from './apply/apply.ts';
import { addCommands } from './command/build.ts';
import type { CommandDefinition } from './command/definition.ts';
import { completionCommand } from './completion/completion.ts';
import { addSharedOptions, type Cli } from './context.ts';
import { deliveryCommands } from './delivery/delivery.ts';
import { eventCommands } from './delivery/event.ts';
import { quarantineCommands } from './delivery/quarantine.ts';
import { statsCommand } from './delivery/stats.ts';
import { accountCommands, directoryCommands, domainCommands } from './directory/directory.ts';
import { importCommands } from './directory/import-cloudstack.ts';
import { doctorCommand } from './operate/doctor.ts';
import { operatorCommands } from './operate/operate.ts';
import { sourceCommands } from './operate/source.ts';
import { listenCommand } from './receiver/listen.ts';
import { auditCommands } from './setting/audit.ts';
import { settingCommands } from './setting/setting.ts';
import { exitCodes, reportFailure } from './terminal/failure.ts';
import { formatCommands } from './webhook/format.ts';
import { webhookCommands } from './webhook/webhook.ts';

/** Commands below their headings in the help. */
const headings: Readonly<Record<string, readonly CommandDefinition[]>> = {
  'Run Hookline:': [...operatorCommands, doctorCommand],
  'Access:': [...loginCommands, ...tokenCommands, ...userCommands, ...auditCommands],
  'Webhooks:': [
    ...webhookCommands,
    applyCommand,
    ...formatCommands,
    ...settingCommands,
    ...importCommands,
    listenCommand,
  ],
  'Events and deliveries:': [
    ...eventCommands,
    ...deliveryCommands,
    statsCommand,
    ...sourceCommands,
    ...quarantineCommands,
  ],
  'Domains and accounts:': [...domainCommands, ...accountCommands, ...directoryCommands],
};

export const allCommands: readonly CommandDefinition[] = [
  ...Object.values(headings).flat(),
  completionCommand,
];

/** @param options.quiet Commander writes no errors; its caller does. */
export function createProgram(
  version: string,
  cli: Cli,
  { quiet }: { readonly quiet: boolean },
): Command {
  const program = new Command('hookline');
  program
    .description(
      "Turns the events on a cloud's bus into recorded, signed, retried webhook deliveries.",
    )
    .version(version)
    .configureOutput({
      writeOut: text => cli.io.out(text.trimEnd()),
      writeErr: text => {
        if (!quiet) cli.io.err(text.trimEnd());
      },
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Add --help for usage.')
    .exitOverride();
  addSharedOptions(program);
  for (const [heading, commands] of Object.entries(headings)) {
    program.commandsGroup(heading);
    addCommands(program, cli, commands);
  }
  program.commandsGroup('Command line:').helpCommand('help [command]', 'display help for command');
  addCommands(program, cli, [completionCommand]);
  return program;
}

/**
 * Runs one command and reports errors on `io`, with `--json` as a problem in one line.
 *
 * @param args without the program's name: `['webhook', 'list']`.
 * @returns the exit code. After `serve` the process goes on running.
 */
export async function runCommandLine(
  args: readonly string[],
  version: string,
  cli: Cli,
): Promise<number> {
  const json = hasJson(args);
  const program = createProgram(version, cli, { quiet: json });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    return reportFailure(error, { write: line => cli.io.err(line), json });
  }
}

/** Searches the arguments, as `--json` counts even where they cannot be parsed. */
function hasJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes('--json');
}
