/** `hookline webhook filter …` */
import type { Command } from 'commander';

import {
  clientFor,
  defaultLimit,
  parseLimit,
  printDone,
  printList,
  printRow,
  sharedOptions,
} from '../context.ts';
import type { Cli } from '../context.ts';
import { type Filter, filterHelp, parseFilter, parseFilters } from './filter-text.ts';
import { isRow, showTable } from '../terminal/show.ts';
import type { Row } from '../terminal/show.ts';

export function addFilterCommands(webhook: Command, cli: Cli): void {
  const filter = webhook.command('filter').description('which events of its scope a webhook wants');

  filter
    .command('list')
    .description("list a webhook's filters")
    .argument('<webhookId>')
    .action(async (id: string, _: object, command: Command) => {
      await printList(cli, command, {
        path: filtersOf(id),
        query: {},
        limit: defaultLimit,
        columns: ['id', 'mode', 'type', 'matchType', 'value'].map(field => ({ field })),
      });
    });

  filter
    .command('add')
    .description('add a filter')
    .argument('<webhookId>')
    .argument('<filter>', filterHelp, (text: string) => parseFilter(text))
    .action(async (id: string, added: Filter, _: object, command: Command) => {
      const client = await clientFor(cli, command);
      printRow(cli, command, await client.send('POST', filtersOf(id), added));
    });

  filter
    .command('remove')
    .description('remove a filter')
    .argument('<webhookId>')
    .argument('<filterId>')
    .action(async (id: string, filterId: string, _: object, command: Command) => {
      const client = await clientFor(cli, command);
      await client.send('DELETE', `${filtersOf(id)}/${encodeURIComponent(filterId)}`);
      printDone(cli, command, `${filterId} removed`, { id: filterId });
    });

  addPreview(filter, cli);
}

interface PreviewOptions {
  readonly webhook?: string;
  readonly account?: string;
  readonly domain?: string;
  readonly limit: number;
}

function addPreview(filter: Command, cli: Cli): void {
  filter
    .command('preview')
    .description(
      'show which of the last events filters would have let through, without saving them',
    )
    .argument('[filter...]', `${filterHelp}; the webhook's own when absent`, parseFilters)
    .option('--webhook <id>', 'of the events in the scope of this webhook')
    .option('--account <id>', 'of the events of this account')
    .option('--domain <id>', 'of the events of this domain and all below it')
    .option('--limit <n>', 'events at most', parseLimit, 100)
    .action(
      async (filters: readonly Filter[] | undefined, options: PreviewOptions, command: Command) => {
        const { webhook: webhookId, account: accountId, domain: domainId, limit } = options;
        const client = await clientFor(cli, command);
        const preview = await client.send('POST', '/v1/filters/preview', {
          webhookId,
          accountId,
          domainId,
          limit,
          ...(filters?.length && { filters }),
        });
        if (sharedOptions(command).json === true) printRow(cli, command, preview);
        else showPreview(cli, preview);
      },
    );
}

const columns = ['recordedAt', 'event', 'entity', 'status', 'said'].map(field => ({ field }));

function showPreview({ io }: Cli, preview: Row): void {
  const { examined, matched, refusedByCategory, refusedByFilters, unanswered, samples } = preview;
  io.out(
    `${String(matched)} of ${String(examined)} events matched; ` +
      `refused: ${String(refusedByCategory)} by category, ${String(refusedByFilters)} by filters`,
  );
  if (unanswered !== 0) io.out(`For ${String(unanswered)} an expression had no answer.`);
  const both = isRow(samples) ? samples : {};
  const rows = [...rowsOf(both['matched'], 'matched'), ...rowsOf(both['refused'], '')];
  if (rows.length > 0) io.out(`\n${showTable(rows, columns, io.columns)}`);
}

function rowsOf(samples: unknown, word: string): readonly Row[] {
  if (!Array.isArray(samples)) return [];
  return samples.filter(isRow).map(sample => {
    const unanswered = Array.isArray(sample['unanswered']) ? sample['unanswered'] : [];
    return { ...sample, said: [sample['reason'] ?? word, ...unanswered].join('; ') };
  });
}

const filtersOf = (webhookId: string): string =>
  `/v1/webhooks/${encodeURIComponent(webhookId)}/filters`;
