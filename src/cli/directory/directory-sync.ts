/** `hookline directory …`: how far it is in step with the cloud. */
import type { Command } from 'commander';

import { clientFor, defaultLimit, parseLimit, printDone, printList, printRow } from '../context.ts';
import type { Cli } from '../context.ts';

export function addDirectorySyncCommands(program: Command, cli: Cli): void {
  const directory = program
    .command('directory')
    .description('how far domains and accounts are in step with the cloud');

  directory
    .command('status')
    .description('show when it was last read from the cloud, and why not since')
    .action(async (_: object, command: Command) => {
      const client = await clientFor(cli, command);
      printRow(cli, command, await client.get('/v1/directory'));
    });

  directory
    .command('sync')
    .description('read it anew, within seconds')
    .option('--accept-removals', 'take what is missing for gone, however much it is')
    .option('--adopt-local', 'take over rows made by hand or import whose ids the cloud knows')
    .action(async (options: object, command: Command) => {
      const client = await clientFor(cli, command);
      const status = await client.send('POST', '/v1/directory/sync', options);
      printDone(
        cli,
        command,
        'Asked for; `hookline directory status` shows when it is done.',
        status,
      );
    });

  directory
    .command('unknown')
    .description('list accounts that events belong to and the directory does not know')
    .option('--limit <n>', 'at most so many', parseLimit, defaultLimit)
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const columns = ['id', 'project', 'events', 'firstSeen', 'lastSeen'].map(field => ({
        field,
      }));
      await printList(cli, command, { path: '/v1/directory/unknown', query: {}, limit, columns });
    });
}
