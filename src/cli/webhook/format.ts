/** `hookline format …` */
import { type CommandDefinition, defineCommand } from '../command/definition.ts';
import { printRow } from '../command/print.ts';
import { parsePositive } from '../command/value.ts';
import { isJson, openClient } from '../context.ts';
import type { Row } from '../terminal/show.ts';

interface PreviewedRequest {
  readonly eventType: string;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly body: string | null;
  /** Why the format could not write the event. */
  readonly error: string | null;
  /** Why the event would not be sent. */
  readonly skipped: string | null;
}

const previewFormat = defineCommand({
  words: 'format preview [name]',
  about: 'show the requests that the last events would be in a format, without sending them',
  arguments: { name: "name of the format; the webhook's own with --webhook" },
  options: {
    webhookId: '--webhook <id>  with the settings of this webhook',
    template: {
      usage: '--template <text>  the template; - reads it from standard input',
      input: 'text',
    },
    eventType: '--type <type>  only events of this type',
    limit: {
      usage: '--limit <n>  maximum number of events',
      parse: parsePositive,
      default: 1,
    },
  },
  run: async (context, { name, ...fields }) => {
    const { io } = context;
    const client = await openClient(context);
    const preview = await client.send<Row & { items: readonly PreviewedRequest[] }>(
      'POST',
      '/v1/preview',
      { format: name, ...fields },
    );
    if (isJson(context)) return printRow(context, preview);
    if (preview.items.length === 0) io.err('There are no events to show.');
    else io.out(preview.items.map(showRequest).join('\n\n'));
  },
});

/** Shows a request as it goes over the wire: headers, an empty line, the body. */
function showRequest({ eventType, headers, body, error, skipped }: PreviewedRequest): string {
  if (skipped !== null) return `${eventType} is not sent: ${skipped}`;
  if (body === null) return `${eventType} cannot be formatted: ${error}`;
  const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  return [...lines, '', body].join('\n');
}

export const formatCommands: readonly CommandDefinition[] = [
  { words: 'format', about: 'formats of the requests' },
  {
    words: 'format list',
    about: 'list formats',
    request: 'GET /v1/formats',
    columns: 'name description',
  },
  previewFormat,
];
