/** `hookline format …`: what requests can look like. */
import type { Command } from 'commander';

import { clientFor, parseLimit, printList, printRow, sharedOptions } from '../context.ts';
import type { Cli } from '../context.ts';

interface PreviewOptions {
  readonly webhook?: string;
  readonly template?: string;
  readonly type?: string;
  readonly limit: number;
}

interface Shown {
  readonly eventType: string;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly body: string | null;
  readonly error: string | null;
  readonly skipped: string | null;
}

export function addFormatCommands(program: Command, cli: Cli): void {
  const format = program.command('format').description('what requests can look like');
  format
    .command('list')
    .description('list the formats')
    .action(async (_: object, command: Command) => {
      await printList(cli, command, {
        path: '/v1/formats',
        query: {},
        limit: 100,
        columns: [{ field: 'name' }, { field: 'description' }],
      });
    });

  format
    .command('preview')
    .description('show what the last events look like in a format, without sending them')
    .argument('[name]', "the format; the webhook's own with --webhook")
    .option('--webhook <id>', 'with what this webhook is set to')
    .option('--template <text>', 'the template; - reads it from standard input')
    .option('--type <type>', 'only events of this type')
    .option('--limit <n>', 'events at most', parseLimit, 1)
    .action(async (name: string | undefined, options: PreviewOptions, command: Command) => {
      const { webhook: webhookId, type: eventType, limit } = options;
      const template = options.template === '-' ? await cli.io.readInput() : options.template;
      const client = await clientFor(cli, command);
      const preview = await client.send('POST', '/v1/preview', {
        format: name,
        webhookId,
        template,
        eventType,
        limit,
      });
      if (sharedOptions(command).json === true) return printRow(cli, command, preview);
      const items: unknown = preview['items'];
      const shown = Array.isArray(items) ? items.map(toText) : [];
      if (shown.length === 0) cli.io.err('There are no events to show.');
      else cli.io.out(shown.join('\n\n'));
    });
}

/** As it would go over the wire: headers, an empty line, the body. */
function toText({ eventType, headers, body, error, skipped }: Shown): string {
  if (skipped !== null) return `${eventType} is not sent: ${skipped}`;
  if (body === null) return `${eventType} cannot be said: ${error}`;
  const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  return [...lines, '', body].join('\n');
}
