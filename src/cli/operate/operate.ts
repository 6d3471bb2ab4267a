/** `hookline serve`, `migrate` and `config`, which run in this process and ask no API. */
import { listEffective } from '../../config/report/effective.ts';
import { type CommandDefinition, defineCommand } from '../command/definition.ts';
import { printDone, printTable } from '../command/print.ts';
import { configFor, layersFor } from '../context.ts';

const serve = defineCommand({
  words: 'serve',
  about: 'run Hookline',
  options: {
    roles: '--roles <list>  only these roles: ingest,dispatch,api,janitor',
  },
  run: (context, { roles }) => context.actions.serve(configFor(context), roles),
});

const migrate = defineCommand({
  words: 'migrate <direction>',
  about: 'migrate the database schema, undo its last migration, or show its status',
  arguments: { direction: { choices: ['up', 'down', 'status'] } },
  run: async (context, { direction }) => {
    await using database = await context.actions.openLocal(configFor(context));
    if (direction === 'status') {
      const { executed, pending } = await database.migrationStatus();
      const lines = [
        ...executed.map(name => `done     ${name}`),
        ...pending.map(name => `pending  ${name}`),
      ];
      return printDone(context, lines.join('\n'), { executed, pending });
    }
    const ran = direction === 'up' ? await database.migrateUp() : await database.migrateDown();
    const verb = direction === 'up' ? 'run' : 'undone';
    const message =
      ran.length === 0 ? 'Nothing to do.' : ran.map(name => `${verb} ${name}`).join('\n');
    printDone(context, message, { [verb]: ran });
  },
});

const config = defineCommand({
  words: 'config',
  about: 'show the effective configuration and where each value comes from; secrets are masked',
  run: context => {
    const values = listEffective(layersFor(context));
    printTable(context, values, {
      columns: 'key value unit from',
      digest: ({ key, value, unit, origin }) => ({
        key,
        // Tables say yes and no; a configuration file says true and false.
        value: typeof value === 'boolean' ? String(value) : value,
        unit: unit ?? '',
        from: origin,
      }),
    });
  },
});

export const operatorCommands: readonly CommandDefinition[] = [serve, migrate, config];
