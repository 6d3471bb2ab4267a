/** `hookline stats` */
import { type Command, InvalidArgumentError } from 'commander';

import { clientFor, parseList, parseWhole, sharedOptions } from '../context.ts';
import type { Cli } from '../context.ts';
import { showTable } from '../terminal/show.ts';
import type { Row } from '../terminal/show.ts';
import { parseInstant } from './time.ts';

/** As `GET /v1/stats` has them. */
const keys = ['webhook', 'eventType', 'time'];

const columns = [
  'at',
  'webhookId',
  'eventType',
  'deliveries',
  'delivered',
  'failed',
  'pending',
  'attempts',
  'success',
  'p50Ms',
  'p95Ms',
  'p99Ms',
].map(field => ({ field }));

interface StatsOptions {
  readonly from?: string;
  readonly to?: string;
  readonly by?: readonly string[];
  readonly bucket?: number;
  readonly webhook?: string;
  readonly type?: string;
}

export function addStatsCommand(program: Command, cli: Cli): void {
  program
    .command('stats')
    .description('how deliveries went: counts, success and durations')
    .option('--from <instant>', 'a day before --to when absent, such as 6h', parseInstant)
    .option('--to <instant>', 'now when absent', parseInstant)
    .option('--by <keys>', 'divide by webhook, eventType, time, separated by commas', parseKeys)
    .option('--bucket <seconds>', 'with time: how much of it is one line', parseWhole)
    .option('--webhook <id>', "only this one's")
    .option('--type <type>', 'only of events of this type')
    .action(async (options: StatsOptions, command: Command) => {
      const { by, webhook: webhookId, type: eventType, ...query } = options;
      const client = await clientFor(cli, command);
      const stats = await client.get('/v1/stats', {
        ...query,
        by: by?.join(),
        webhookId,
        eventType,
      });
      print(cli, command, stats);
    });
}

function print({ io }: Cli, command: Command, stats: Row): void {
  if (sharedOptions(command).json === true) return io.out(JSON.stringify(stats, null, 2));
  const items: readonly Row[] = Array.isArray(stats['items']) ? stats['items'] : [];
  const rows = items.map(digest);
  const present = columns.filter(({ field }) => rows.some(row => row[field] !== undefined));
  if (rows.length === 0) io.err('Nothing found.');
  else io.out(showTable(rows, present, io.columns));
  if (stats['isComplete'] === false) {
    io.err(
      `There is more than could be looked at: this is what there is since ${String(stats['from'])}.`,
    );
  }
}

/** @example { deliveries: 12, …, success: '91.7 %', p50Ms: 4 } */
function digest({ successRate, durationMs, ...facts }: Row): Row {
  const durations = typeof durationMs === 'object' && durationMs !== null ? { ...durationMs } : {};
  const milliseconds = Object.entries(durations).map(([name, value]) => [`${name}Ms`, value]);
  const success = typeof successRate === 'number' ? `${(successRate * 100).toFixed(1)} %` : null;
  return { ...facts, success, ...Object.fromEntries(milliseconds) };
}

function parseKeys(text: string): readonly string[] {
  const wanted = parseList(text);
  const unknown = wanted.find(key => !keys.includes(key));
  if (unknown === undefined) return wanted;
  throw new InvalidArgumentError(`expected any of ${keys.join(', ')}`);
}
