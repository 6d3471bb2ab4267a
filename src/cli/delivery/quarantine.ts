/** `hookline quarantine …` */
import type { Command } from 'commander';

import { clientFor, defaultLimit, parseLimit, printDone, printList, printRow } from '../context.ts';
import type { Cli } from '../context.ts';
import type { Row } from '../terminal/show.ts';

const columns = ['id', 'source', 'position', 'reason', 'createdAt'].map(field => ({ field }));

export function addQuarantineCommands(program: Command, cli: Cli): void {
  const quarantine = program
    .command('quarantine')
    .description('messages that could not be understood, kept with the reason');
  quarantine
    .command('list')
    .description('list messages, newest first')
    .option('--source <name>', 'only by this source')
    .option('--limit <n>', 'at most so many', parseLimit, defaultLimit)
    .action(async ({ limit, ...query }: { limit: number }, command: Command) => {
      await printList(cli, command, { path: '/v1/quarantine', query, limit, columns });
    });
  quarantine
    .command('show')
    .description('show a message with its body')
    .argument('<id>')
    .action(async (id: string, _: object, command: Command) => {
      const client = await clientFor(cli, command);
      const row = await client.get(pathOf(id));
      printRow(cli, command, row, decoded(row));
    });
  addChanges(quarantine, cli);
}

function addChanges(quarantine: Command, cli: Cli): void {
  quarantine
    .command('delete')
    .description('delete messages for good')
    .argument('<id...>')
    .action(async (ids: string[], _: object, command: Command) => {
      const client = await clientFor(cli, command);
      for (const id of ids) {
        await client.send('DELETE', pathOf(id));
        printDone(cli, command, `${id} deleted`, { id });
      }
    });
  quarantine
    .command('retry')
    .description('read messages again: what is understood now is recorded and delivered')
    .argument('<id...>')
    .action(async (ids: string[], _: object, command: Command) => {
      const client = await clientFor(cli, command);
      for (const id of ids) {
        const done = await client.send('POST', `${pathOf(id)}/retry`);
        printDone(cli, command, `${id} ${describeRetry(done)}`, { id, ...done });
      }
    });
}

function describeRetry({ outcome, reason, eventIds }: Row): string {
  if (outcome !== 'recorded') return `stays: ${String(reason)}`;
  const events: readonly unknown[] = Array.isArray(eventIds) ? eventIds : [];
  return events.length === 0 ? 'is of no interest' : `recorded as ${events.join(', ')}`;
}

/** The bytes as text, as far as they are. */
function decoded(row: Row): Row {
  const { body } = row;
  return typeof body === 'string' ? { ...row, body: Buffer.from(body, 'base64').toString() } : row;
}

const pathOf = (id: string): string => `/v1/quarantine/${encodeURIComponent(id)}`;
