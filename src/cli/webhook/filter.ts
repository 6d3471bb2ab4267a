/** `hookline webhook filter …` */
import { type CommandDefinition, defineCommand } from '../command/definition.ts';
import { printRow } from '../command/print.ts';
import { parsePositive } from '../command/value.ts';
import { type CommandContext, isJson, openClient } from '../context.ts';
import { type Row, showTable } from '../terminal/show.ts';
import { filterHelp, parseFilter } from './filter-text.ts';

const addFilter = defineCommand({
  words: 'webhook filter add <webhookId> <filter>',
  about: 'add a filter',
  arguments: { filter: { about: filterHelp, parse: parseFilter } },
  run: async (context, { webhookId, filter }) => {
    const client = await openClient(context);
    const path = `/v1/webhooks/${encodeURIComponent(webhookId)}/filters`;
    printRow(context, await client.send('POST', path, filter));
  },
});

const previewFilters = defineCommand({
  words: 'webhook filter preview [filter...]',
  about: 'show which of the last events filters would let through, without saving them',
  arguments: {
    filter: { about: `${filterHelp}; the webhook's own when absent`, parse: parseFilter },
  },
  options: {
    webhookId: '--webhook <id>  events in the scope of this webhook',
    accountId: '--account <id>  events of this account',
    domainId: '--domain <id>  events of this domain and its subdomains',
    limit: {
      usage: '--limit <n>  maximum number of events',
      parse: parsePositive,
      default: 100,
    },
  },
  run: async (context, { filter: filters, ...fields }) => {
    const client = await openClient(context);
    const preview = await client.send<FilterPreview>('POST', '/v1/filters/preview', {
      ...fields,
      filters: filters.length > 0 ? filters : undefined,
    });
    if (isJson(context)) printRow(context, preview);
    else showPreview(context, preview);
  },
});

type FilterPreview = {
  readonly examined: number;
  readonly matched: number;
  readonly refusedByCategory: number;
  readonly refusedByFilters: number;
  /** Events for which an expression had no answer. */
  readonly unanswered: number;
  /** The newest events of each kind. */
  readonly samples: {
    readonly matched: readonly FilterSample[];
    readonly refused: readonly FilterSample[];
  };
};

interface FilterSample {
  /** Why the event is refused; null where it matches. */
  readonly reason: string | null;
  /** Expressions without an answer, and why. */
  readonly unanswered: readonly string[];
}

function showPreview({ io }: CommandContext, preview: FilterPreview): void {
  const { examined, matched, refusedByCategory, refusedByFilters, unanswered, samples } = preview;
  io.out(
    `${matched} of ${examined} events matched; ` +
      `refused: ${refusedByCategory} by category, ${refusedByFilters} by filters`,
  );
  if (unanswered !== 0) io.out(`For ${unanswered} an expression had no answer.`);
  const rows = [...toSampleRows(samples.matched, 'matched'), ...toSampleRows(samples.refused, '')];
  const columns = 'recordedAt event entity status result';
  if (rows.length > 0) io.out(`\n${showTable(rows, columns, io.columns)}`);
}

const toSampleRows = (samples: readonly FilterSample[], word: string): readonly Row[] =>
  samples.map(sample => ({
    ...sample,
    result: [sample.reason ?? word, ...sample.unanswered].join('; '),
  }));

export const filterCommands: readonly CommandDefinition[] = [
  { words: 'webhook filter', about: 'filters of a webhook, which select events of its scope' },
  {
    words: 'webhook filter list <webhookId>',
    about: "list a webhook's filters",
    request: 'GET /v1/webhooks/{webhookId}/filters',
    columns: 'id mode type matchType value',
  },
  addFilter,
  {
    words: 'webhook filter remove <webhookId> <id>',
    about: 'remove a filter',
    request: 'DELETE /v1/webhooks/{webhookId}/filters/{id}',
    done: '{id} removed',
  },
  previewFilters,
];
