/** `hookline delivery …` */
import { deliveryStates } from '../../event/delivery.ts';
import { type CommandDefinition, defineCommand } from '../command/definition.ts';
import { limit, range } from '../command/option.ts';
import { printDone, printList } from '../command/print.ts';
import { parseInstant, parseSeconds } from '../command/value.ts';
import { type CommandContext, openClient } from '../context.ts';
import { type Query, textOf, withQuery } from '../terminal/client.ts';
import { requireYes } from '../terminal/io.ts';
import type { Row } from '../terminal/show.ts';
import { watchList } from './watch.ts';

/** Reading more often would be a load of its own. */
const intervalMsMin = 200;

const listDeliveries = defineCommand({
  words: 'delivery list',
  about: 'list deliveries, those of the newest events first',
  options: {
    ...range,
    limit,
    webhookId: '--webhook <id>  only to this webhook',
    state: { usage: '--state <state>  only in this state', choices: deliveryStates },
    eventId: '--event <id>  only of this event',
    eventType: '--type <type>  only of events of this type',
    entityUuid: '--entity <uuid>  only of events about this resource',
    watch: '--watch  keep printing new and changed deliveries until Ctrl-C',
    interval: {
      usage: '--interval <time>  with --watch: time between two reads',
      parse: parseSeconds,
      default: 2,
    },
  },
  run: async (context, { limit: rowsMax, watch, interval, ...query }) => {
    const request = {
      path: '/v1/deliveries',
      query,
      limit: rowsMax,
      columns: 'id state eventType webhookId tries createdAt finishedAt result',
      digest: toDeliveryRow,
    };
    if (!watch) return printList(context, request);
    const intervalMs = Math.max(interval * 1_000, intervalMsMin);
    return watchList(context, { ...request, intervalMs, markOf: progressOf });
  },
});

type Delivery = {
  readonly id: string;
  readonly state: string;
  readonly tries: number;
  /** In a list the last one alone. */
  readonly attempts?: readonly {
    readonly status?: number | null;
    readonly error?: string | null;
  }[];
};

/** The last attempt in a word: its status, or why there is none. */
function toDeliveryRow(delivery: Delivery): Row {
  const last = delivery.attempts?.at(-1);
  return { ...delivery, result: last?.status ?? last?.error };
}

const progressOf = ({ state, tries }: Delivery): string => `${state} ${tries}`;

const deleteDeliveries = defineCommand({
  words: 'delivery delete [id...]',
  about: 'delete deliveries with their attempts; pending ones are not attempted any more',
  arguments: { id: 'without ids: the deliveries of --webhook' },
  options: {
    webhookId: '--webhook <id>  deliveries to this webhook that match the other options',
    state: {
      usage: '--state <state>  only in this state',
      choices: ['pending', 'delivered', 'failed', 'cancelled'],
    },
    eventType: '--type <type>  only of events of this type',
    from: {
      usage: '--from <instant>  recorded at or after this instant, or 24h for 24 hours ago',
      parse: parseInstant,
    },
    to: {
      usage: '--to <instant>  recorded before this instant, or 30d for 30 days ago',
      parse: parseInstant,
    },
    yes: '--yes  delete the deliveries of a webhook without asking',
  },
  run: async (context, { id: ids, yes, ...query }) => {
    if (ids.length > 0 === (query.webhookId !== undefined))
      context.command.error('error: name deliveries, or a webhook by --webhook');
    if (ids.length === 0) return deleteMany(context, query, yes);
    const client = await openClient(context);
    for (const id of ids) {
      await client.send('DELETE', `/v1/deliveries/${encodeURIComponent(id)}`);
      printDone(context, `${id} deleted`, { id });
    }
  },
});

/** One request deletes up to a maximum; its cursor continues. */
async function deleteMany(context: CommandContext, query: Query, yes = false): Promise<void> {
  const { webhookId } = query;
  const client = await openClient(context);
  const question = `Delete the deliveries of ${textOf(webhookId)}?`;
  if (!yes) await requireYes(context.io, question, 'Add --yes; there is no terminal to ask on.');
  let count = 0;
  let cursor: string | undefined;
  do {
    const path = withQuery('/v1/deliveries', { ...query, cursor });
    const deleted = await client.send<{ count: number; nextCursor: string | null }>('DELETE', path);
    count += deleted.count;
    cursor = deleted.nextCursor ?? undefined;
  } while (cursor !== undefined);
  printDone(context, `${count} deleted`, { webhookId, count });
}

export const deliveryCommands: readonly CommandDefinition[] = [
  { words: 'delivery', about: 'deliveries of events to webhooks, with their attempts' },
  listDeliveries,
  {
    words: 'delivery show <id>',
    about: 'show a delivery with its request and every attempt',
    request: 'GET /v1/deliveries/{id}',
  },
  {
    words: 'delivery redeliver <id...>',
    about: 'deliver again; `hookline webhook redeliver` does it for many',
    request: 'POST /v1/deliveries/{id}/redeliver',
    describe: ({ id }: { id: string }, created: { id: string }) =>
      `${id} is delivered again as ${created.id}`,
  },
  deleteDeliveries,
];
