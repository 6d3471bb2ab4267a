/** Every command, put together. */
import { Command } from 'commander';

import { addAccessCommands } from './access/access.ts';
import { addApplyCommand } from './apply/apply.ts';
import { addCompletionCommand } from './completion/completion.ts';
import { addCommands } from './command/build.ts';
import { addSharedOptions } from './context.ts';
import type { Cli } from './context.ts';
import { addDoctorCommand } from './operate/doctor.ts';
import { addDirectorySyncCommands } from './directory/directory-sync.ts';
import { addDirectoryCommands } from './directory/directory.ts';
import { addDeliveryCommands } from './delivery/delivery.ts';
import { eventCommands } from './delivery/event.ts';
import { addFormatCommands } from './webhook/format.ts';
import { addImportCommands } from './directory/import.ts';
import { addListenCommand } from './receiver/listen.ts';
import { addOperatorCommands } from './operate/operate.ts';
import { addAuditCommand, addSettingCommands } from './operate/setting.ts';
import { quarantineCommands } from './delivery/quarantine.ts';
import { sourceCommands } from './operate/source.ts';
import { statsCommand } from './delivery/stats.ts';
import { addUserCommands } from './access/user.ts';
import { addWebhookCommands } from './webhook/webhook.ts';

/** @param options.quiet Commander itself says nothing about errors; who called it does. */
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
    .showHelpAfterError('Add --help for what is possible.')
    .exitOverride();
  addSharedOptions(program);
  program.commandsGroup('Run Hookline:');
  addOperatorCommands(program, cli);
  addDoctorCommand(program, cli);
  program.commandsGroup('Who you are, and who may what:');
  addAccessCommands(program, cli);
  addUserCommands(program, cli);
  addAuditCommand(program, cli);
  program.commandsGroup('Webhooks:');
  addWebhookCommands(program, cli);
  addApplyCommand(program, cli);
  addFormatCommands(program, cli);
  addSettingCommands(program, cli);
  addImportCommands(program, cli);
  addListenCommand(program, cli);
  program.commandsGroup('What happens:');
  addCommands(program, cli, eventCommands);
  addDeliveryCommands(program, cli);
  addCommands(program, cli, [statsCommand]);
  addCommands(program, cli, sourceCommands);
  addCommands(program, cli, quarantineCommands);
  program.commandsGroup("The cloud's tenants:");
  addDirectoryCommands(program, cli);
  addDirectorySyncCommands(program, cli);
  program
    .commandsGroup('This command line:')
    .helpCommand('help [command]', 'display help for command');
  addCompletionCommand(program, cli);
  return program;
}
