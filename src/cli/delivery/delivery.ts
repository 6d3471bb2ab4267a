/** `hookline delivery …` */
import { Option } from 'commander';
import type { Command } from 'commander';

import { deliveryStates } from '../../event/delivery.ts';
import { clientFor, printDone, printList, printRow, type ListRequest } from '../context.ts';
import type { Cli } from '../context.ts';
import { type Query, withQuery } from '../terminal/client.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Row } from '../terminal/show.ts';
import { addSpan, type ListOptions } from './range.ts';
import { parseInstant, parseSeconds } from './time.ts';
import { watchList } from './watch.ts';

const columns = [
  'id',
  'state',
  'eventType',
  'webhookId',
  'tries',
  'createdAt',
  'finishedAt',
  'result',
].map(field => ({ field }));

interface DeliveryOptions extends ListOptions {
  readonly webhook?: string;
  readonly state?: string;
  readonly event?: string;
  readonly type?: string;
  readonly entity?: string;
  readonly watch?: boolean;
  /** Seconds. */
  readonly interval: number;
}

export function addDeliveryCommands(program: Command, cli: Cli): void {
  const delivery = program
    .command('delivery')
    .description('what was owed to webhooks, and what came of it');
  addList(delivery, cli);
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
    .description('deliver once more; `hookline webhook redeliver` does it with many')
    .argument('<id...>')
    .action(async (ids: string[], _: object, command: Command) => {
      const client = await clientFor(cli, command);
      for (const id of ids) {
        const made = await client.send('POST', `${pathOf(id)}/redeliver`);
        printDone(cli, command, `${id} is delivered again as ${String(made['id'])}`, made);
      }
    });
  addDeletion(delivery, cli);
}

function addList(delivery: Command, cli: Cli): void {
  addSpan(delivery.command('list').description('list deliveries, those of the newest events first'))
    .option('--webhook <id>', 'only to this webhook')
    .addOption(new Option('--state <state>', 'only these').choices([...deliveryStates]))
    .option('--event <id>', 'only of this event')
    .option('--type <type>', 'only of events of this type')
    .option('--entity <uuid>', 'only of events about this resource')
    .option('--watch', 'go on printing what comes, and what changes among the newest, until Ctrl-C')
    .option('--interval <time>', 'with --watch: how often to look', parseSeconds, 2)
    .action(async (options: DeliveryOptions, command: Command) => {
      const request = requestOf(options);
      if (options.watch !== true) return printList(cli, command, request);
      const intervalMs = Math.max(options.interval * 1_000, intervalMsMin);
      return watchList(cli, command, { ...request, intervalMs, markOf });
    });
}

/** Not so often that looking is a load of its own. */
const intervalMsMin = 200;

const markOf = ({ state, tries }: Row): string => `${String(state)} ${String(tries)}`;

function requestOf(options: DeliveryOptions): ListRequest {
  const { limit, webhook, event, type, entity, from, to, state } = options;
  return {
    path: '/v1/deliveries',
    query: {
      webhookId: webhook,
      eventId: event,
      eventType: type,
      entityUuid: entity,
      from,
      to,
      state,
    },
    limit,
    columns,
    digest: digestDelivery,
  };
}

/** The last attempt in a word: its status, or why there was none. */
function digestDelivery(row: Row): Row {
  const attempts: readonly unknown[] = Array.isArray(row['attempts']) ? row['attempts'] : [];
  const last = Object(attempts.at(-1));
  return { ...row, result: last.status ?? last.error };
}

interface DeleteOptions {
  readonly webhook?: string;
  readonly state?: string;
  readonly type?: string;
  readonly from?: string;
  readonly to?: string;
  readonly yes?: boolean;
}

function addDeletion(delivery: Command, cli: Cli): void {
  delivery
    .command('delete')
    .description('delete deliveries with their attempts; those that wait are not made any more')
    .argument('[id...]', 'none: those of --webhook')
    .option('--webhook <id>', 'all of this webhook, or those of them that the rest says')
    .addOption(
      new Option('--state <state>', 'only these').choices([
        'pending',
        'delivered',
        'failed',
        'cancelled',
      ]),
    )
    .option('--type <type>', 'only of events of this type')
    .option('--from <instant>', 'recorded at or after, or so long ago: 24h', parseInstant)
    .option('--to <instant>', 'recorded before, or so long ago: 30d', parseInstant)
    .option('--yes', 'delete those of a webhook without asking')
    .action(async (ids: string[], options: DeleteOptions, command: Command) => {
      if (ids.length > 0 === (options.webhook !== undefined))
        command.error('error: name deliveries, or a webhook by --webhook');
      if (ids.length === 0) return deleteMany(cli, command, options);
      const client = await clientFor(cli, command);
      for (const id of ids) {
        await client.send('DELETE', pathOf(id));
        printDone(cli, command, `${id} deleted`, { id });
      }
    });
}

/** One request looks at so many and no more: on to the end. */
async function deleteMany(cli: Cli, command: Command, options: DeleteOptions): Promise<void> {
  const { webhook: webhookId, type: eventType, yes, ...choice } = options;
  const query: Query = { ...choice, webhookId, eventType };
  const client = await clientFor(cli, command);
  const answer = yes === true || (await cli.io.confirm(`Delete the deliveries of ${webhookId}?`));
  if (answer === undefined) {
    throw new CommandError('Add --yes; there is no terminal to ask on.', {
      outcome: 'usage',
      code: 'usage_invalid',
    });
  }
  if (!answer) throw new CommandError('Nothing was done.', { code: 'interrupted' });
  let count = 0;
  let cursor: string | undefined;
  do {
    const done = await client.send('DELETE', withQuery('/v1/deliveries', { ...query, cursor }));
    count += Number(done['count']);
    cursor = typeof done['nextCursor'] === 'string' ? done['nextCursor'] : undefined;
  } while (cursor !== undefined);
  printDone(cli, command, `${count} deleted`, { webhookId, count });
}

const pathOf = (id: string): string => `/v1/deliveries/${encodeURIComponent(id)}`;
