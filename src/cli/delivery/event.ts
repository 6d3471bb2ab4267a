/** `hookline event …` */
import type { Command } from 'commander';

import { clientFor, defaultLimit, parseLimit, printList, printRow } from '../context.ts';
import type { Cli } from '../context.ts';
import { addSpan, type ListOptions } from './range.ts';

const eventColumns = [
  'id',
  'recordedAt',
  'event',
  'status',
  'entity',
  'entityuuid',
  'account',
  'sourceName',
].map(field => ({ field }));

interface EventOptions extends ListOptions {
  readonly type?: string;
  readonly entity?: string;
  readonly account?: string;
  readonly source?: string;
}

export function addEventCommands(program: Command, cli: Cli): void {
  const event = program.command('event').description('what happened in the cloud');
  addSpan(event.command('list').description('list events, newest first'))
    .option('--type <type>', 'only of this type, such as VM.START')
    .option('--entity <uuid>', 'only about this resource')
    .option('--account <id>', "only this account's")
    .option('--source <name>', 'only by this source')
    .action(async (options: EventOptions, command: Command) => {
      const { limit, type: eventType, entity: entityUuid, ...query } = options;
      await printList(cli, command, {
        path: '/v1/events',
        query: { ...query, eventType, entityUuid },
        limit,
        columns: eventColumns,
      });
    });
  event
    .command('show')
    .description('show an event, its body included')
    .argument('<id>')
    .action(async (id: string, _: object, command: Command) => {
      const client = await clientFor(cli, command);
      printRow(cli, command, await client.get(pathOf(id)));
    });
  addExplain(event, cli);
}

interface ExplainOptions {
  readonly webhook?: string;
  readonly matched?: boolean;
  readonly limit: number;
}

function addExplain(event: Command, cli: Cli): void {
  event
    .command('explain')
    .description('say of each webhook whether the event matches it, and if not why')
    .argument('<id>')
    .option('--webhook <id>', 'of this one alone')
    .option('--matched', 'only those that match')
    .option('--no-matched', 'only those that do not')
    .option('--limit <n>', 'at most so many', parseLimit, defaultLimit)
    .action(async (id: string, options: ExplainOptions, command: Command) => {
      const { webhook: webhookId, matched, limit } = options;
      await printList(cli, command, {
        path: `${pathOf(id)}/explain`,
        query: { webhookId, ...(matched !== undefined && { matched: String(matched) }) },
        limit,
        columns: ['webhookId', 'name', 'matched', 'owed', 'delivery', 'detail'].map(field => ({
          field,
        })),
        digest: row => ({ ...row, delivery: Object(row['delivery']).state }),
      });
    });
}

const pathOf = (id: string): string => `/v1/events/${encodeURIComponent(id)}`;
