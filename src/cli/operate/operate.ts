/** `hookline serve`, `migrate`, `config`: what runs in this process, for the operator. */
import { Argument } from 'commander';
import type { Command } from 'commander';

import { listEffective } from '../../config/report/effective.ts';
import { loadLayers } from '../../config/load/load.ts';
import { configFor, printDone, sharedOptions } from '../context.ts';
import type { Cli } from '../context.ts';
import { showTable } from '../terminal/show.ts';

export function addOperatorCommands(program: Command, cli: Cli): void {
  program
    .command('serve')
    .description('run everything')
    .option('--roles <list>', 'only these parts: ingest,dispatch,api,janitor')
    .action(async ({ roles }: { roles?: string }, command: Command) =>
      cli.actions.serve(configFor(cli, command), roles),
    );

  program
    .command('migrate')
    .description(
      'bring the database schema up to date, undo the last migration, or show where it stands',
    )
    .addArgument(new Argument('<direction>').choices(['up', 'down', 'status']))
    .action(async (direction: 'up' | 'down' | 'status', _: object, command: Command) =>
      migrate(cli, command, direction),
    );

  program
    .command('config')
    .description(
      'show the effective configuration and where each value came from; secrets are masked',
    )
    .action((_: object, command: Command) => showConfig(cli, command));
}

async function migrate(
  cli: Cli,
  command: Command,
  direction: 'up' | 'down' | 'status',
): Promise<void> {
  await using database = await cli.actions.openLocal(configFor(cli, command));
  if (direction === 'status') {
    const { executed, pending } = await database.migrationStatus();
    const said = [
      ...executed.map(name => `done     ${name}`),
      ...pending.map(name => `pending  ${name}`),
    ].join('\n');
    printDone(cli, command, said, { executed, pending });
    return;
  }
  const ran = direction === 'up' ? await database.migrateUp() : await database.migrateDown();
  const verb = direction === 'up' ? 'run' : 'undone';
  const said = ran.length === 0 ? 'Nothing to do.' : ran.map(name => `${verb} ${name}`).join('\n');
  printDone(cli, command, said, { [verb]: ran });
}

function showConfig({ io, environment }: Cli, command: Command): void {
  const { config: file, json } = sharedOptions(command);
  const settings = listEffective(
    loadLayers({ ...environment, ...(file !== undefined && { file }) }),
  );
  if (json === true) {
    io.out(JSON.stringify(settings, null, 2));
    return;
  }
  const rows = settings.map(({ key, value, unit, origin }) => ({
    key,
    // As it is written in a file, not as people say it.
    value: typeof value === 'boolean' ? String(value) : value,
    unit: unit ?? '',
    from: origin,
  }));
  const columns = ['key', 'value', 'unit', 'from'].map(field => ({ field }));
  io.out(showTable(rows, columns, io.columns));
}
