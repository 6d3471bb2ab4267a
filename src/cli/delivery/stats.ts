/** `hookline stats` */
import { InvalidArgumentError } from 'commander';

import { defineCommand } from '../command/definition.ts';
import { printTable } from '../command/print.ts';
import { parseInstant, parseList, parseWhole } from '../command/value.ts';
import { isJson, openClient } from '../context.ts';
import type { Row } from '../terminal/show.ts';

export const statsCommand = defineCommand({
  words: 'stats',
  about: 'show how deliveries went: counts, success rate and durations',
  options: {
    from: {
      usage: '--from <instant>  recorded at or after this instant; a day before --to when absent',
      parse: parseInstant,
    },
    to: {
      usage: '--to <instant>  recorded before this instant; now when absent',
      parse: parseInstant,
    },
    by: {
      usage: '--by <keys>  group by webhook, eventType, time, separated by commas',
      parse: parseKeys,
    },
    bucket: {
      usage: '--bucket <seconds>  with time: seconds of each row',
      parse: parseWhole,
    },
    webhookId: '--webhook <id>  only to this webhook',
    eventType: '--type <type>  only of events of this type',
  },
  run: async (context, { by, ...query }) => {
    const client = await openClient(context);
    const stats = await client.get<Stats>('/v1/stats', { ...query, by: by?.join() });
    const { io } = context;
    if (isJson(context)) return io.out(JSON.stringify(stats, null, 2));
    const rows = stats.items.map(toStatsRow);
    printTable(context, rows, {
      columns: columns.filter(field => rows.some(row => row[field] !== undefined)).join(' '),
    });
    if (!stats.isComplete)
      io.err(
        `There is more than could be looked at: these are the statistics since ${stats.from}.`,
      );
  },
});

const columns =
  'at webhookId eventType deliveries delivered failed pending attempts success p50Ms p95Ms p99Ms'.split(
    ' ',
  );

/** What is read of the answer of `GET /v1/stats`. */
interface Stats {
  readonly items: readonly StatsItem[];
  readonly from: string;
  readonly isComplete: boolean;
}

interface StatsItem {
  /** 0 to 1. */
  readonly successRate: number | null;
  /** By percentile: `{ p50: 4 }`. */
  readonly durationMs: Readonly<Record<string, number>> | null;
}

/** @example { deliveries: 12, …, success: '91.7 %', p50Ms: 4 } */
function toStatsRow({ successRate, durationMs, ...facts }: StatsItem): Row {
  const percentiles = Object.entries(durationMs ?? {}).map(([name, ms]) => [`${name}Ms`, ms]);
  return {
    ...facts,
    success: successRate === null ? null : `${(successRate * 100).toFixed(1)} %`,
    ...Object.fromEntries(percentiles),
  };
}

/** As `GET /v1/stats` has them. */
const keys = ['webhook', 'eventType', 'time'];

function parseKeys(text: string): readonly string[] {
  const wanted = parseList(text);
  if (wanted.every(key => keys.includes(key))) return wanted;
  throw new InvalidArgumentError(`expected any of ${keys.join(', ')}`);
}
