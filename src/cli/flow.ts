/** `hookline event …` and `hookline delivery …` */
import { Option } from 'commander';
import type { Command } from 'commander';

import { clientFor, defaultLimit, parseLimit, printDone, printList, printRow } from './context.ts';
import type { Cli } from './context.ts';
import type { Query } from './client.ts';
import type { Row } from './show.ts';

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

const deliveryColumns = [
  ...['id', 'state', 'eventType', 'webhookId', 'tries', 'createdAt', 'finishedAt'].map(field => ({
    field,
  })),
  { field: 'result' },
];

interface ListOptions {
  readonly limit: number;
  readonly from?: string;
  readonly to?: string;
  readonly [name: string]: string | number | undefined;
}

export function addEventCommands(program: Command, cli: Cli): void {
  const event = program.command('event').description('what happened in the cloud');
  addSpan(event.command('list').description('list events, newest first'))
    .option('--type <type>', 'only of this type, such as VM.START')
    .option('--entity <uuid>', 'only about this resource')
    .option('--account <id>', "only this account's")
    .option('--source <name>', 'only by this source')
    .action(async (options: ListOptions, command: Command) => {
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
      printRow(cli, command, await client.get(`/v1/events/${encodeURIComponent(id)}`));
    });
}

export function addDeliveryCommands(program: Command, cli: Cli): void {
  const delivery = program
    .command('delivery')
    .description('what was owed to webhooks, and what came of it');
  addSpan(delivery.command('list').description('list deliveries, those of the newest events first'))
    .option('--webhook <id>', 'only to this webhook')
    .addOption(
      new Option('--state <state>', 'only these').choices([
        'pending',
        'delivering',
        'delivered',
        'failed',
        'cancelled',
      ]),
    )
    .option('--event <id>', 'only of this event')
    .option('--type <type>', 'only of events of this type')
    .option('--entity <uuid>', 'only of events about this resource')
    .action(async (options: ListOptions, command: Command) => {
      await listDeliveries(cli, command, options);
    });
  delivery
    .command('show')
    .description('show a delivery with its request and every attempt')
    .argument('<id>')
    .action(async (id: string, _: object, command: Command) => {
      const client = await clientFor(cli, command);
      printRow(cli, command, await client.get(pathOf(id)));
    });
  delivery
    .command('redeliver')
    .description('deliver once more')
    .argument('<id...>')
    .action(async (ids: string[], _: object, command: Command) => {
      const client = await clientFor(cli, command);
      for (const id of ids) {
        const made = await client.send('POST', `${pathOf(id)}/redeliver`);
        printDone(cli, command, `${id} is delivered again as ${String(made['id'])}`, made);
      }
    });
}

async function listDeliveries(cli: Cli, command: Command, options: ListOptions): Promise<void> {
  const {
    limit,
    webhook: webhookId,
    event: eventId,
    type: eventType,
    entity: entityUuid,
    ...rest
  } = options;
  const query: Query = { ...rest, webhookId, eventId, eventType, entityUuid };
  await printList(cli, command, {
    path: '/v1/deliveries',
    query,
    limit,
    columns: deliveryColumns,
    digest: digestDelivery,
  });
}

/** The last attempt in a word: its status, or why there was none. */
function digestDelivery(row: Row): Row {
  const attempts: readonly unknown[] = Array.isArray(row['attempts']) ? row['attempts'] : [];
  const last = Object(attempts.at(-1));
  return { ...row, result: last.status ?? last.error };
}

function addSpan(list: Command): Command {
  return list
    .option('--from <instant>', 'recorded at or after, such as 2026-11-21T10:00:00Z')
    .option('--to <instant>', 'recorded before')
    .option('--limit <n>', 'at most so many', parseLimit, defaultLimit);
}

const pathOf = (id: string): string => `/v1/deliveries/${encodeURIComponent(id)}`;
