/** `hookline source …` */
import type { Command } from 'commander';

import { clientFor, defaultLimit, printDone, printList } from '../context.ts';
import type { Cli } from '../context.ts';

const columns = ['name', 'kind', 'state', 'lag', 'reason'].map(field => ({ field }));

export function addSourceCommands(program: Command, cli: Cli): void {
  const source = program
    .command('source')
    .description('the buses that the process asked reads from');
  source
    .command('list')
    .description('list sources with their state and what they have not read yet')
    .action(async (_: object, command: Command) => {
      await printList(cli, command, {
        path: '/v1/sources',
        query: {},
        limit: defaultLimit,
        columns,
      });
    });
  for (const [name, about] of [
    ['pause', 'take no new messages, until resumed or restarted'],
    ['resume', 'take messages again'],
  ] as const) {
    source
      .command(name)
      .description(about)
      .argument('<name...>')
      .action(async (names: string[], _: object, command: Command) => {
        const client = await clientFor(cli, command);
        for (const one of names) {
          const now = await client.send('POST', `/v1/sources/${encodeURIComponent(one)}/${name}`);
          printDone(cli, command, `${one} is ${String(now['state'])}`, now);
        }
      });
  }
}
