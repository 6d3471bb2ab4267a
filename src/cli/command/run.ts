/** Runs a command's row: makes its request and prints the answer. */
import { type CommandContext, openClient } from '../context.ts';
import { type Client, textOf, withQuery } from '../terminal/client.ts';
import type { Row } from '../terminal/show.ts';
import type {
  ActionDefinition,
  ListDefinition,
  SendDefinition,
  ShowDefinition,
} from './definition.ts';
import { printDone, printList, printRow } from './print.ts';
import { fillTemplate, parseWords, placeholdersOf } from './words.ts';

/** @param values arguments and options by their names. */
export async function runDefinition(
  context: CommandContext,
  definition: ActionDefinition,
  values: Row,
): Promise<void> {
  if ('run' in definition) return definition.run(context, values);
  if ('columns' in definition) return list(context, definition, values);
  if ('method' in definition) return send(context, definition, values);
  return show(context, definition, values);
}

async function list(
  context: CommandContext,
  { path, columns, digest }: ListDefinition,
  values: Row,
): Promise<void> {
  const { limit, ...query } = fieldsOf(path, values);
  await printList(context, {
    path: fillPath(path, values),
    query,
    limit: typeof limit === 'number' ? limit : undefined,
    columns,
    digest,
  });
}

async function show(
  context: CommandContext,
  { path, digest }: ShowDefinition,
  values: Row,
): Promise<void> {
  const client = await openClient(context);
  const answer = await client.get(fillPath(path, values), fieldsOf(path, values));
  printRow(context, answer, digest?.(answer));
}

async function send(
  context: CommandContext,
  definition: SendDefinition,
  values: Row,
): Promise<void> {
  const { words, done, describe, digest } = definition;
  const client = await openClient(context);
  const { name: subject = '' } = parseWords(words).arguments.at(-1) ?? {};
  const { [subject]: given } = values;
  // `<id...>`: one request after the other.
  for (const one of Array.isArray(given) ? given : [given]) {
    const single = subject === '' ? values : { ...values, [subject]: one };
    const answer = await request(client, definition, single);
    const message =
      done === undefined
        ? describe?.(single, answer)
        : fillTemplate(done, { ...single, ...answer }, textOf);
    if (message === undefined) printRow(context, answer, digest?.(answer));
    else printDone(context, message, { ...(subject !== '' && { [subject]: one }), ...answer });
  }
}

async function request(
  client: Client,
  { method, path: template, body }: SendDefinition,
  values: Row,
): Promise<Row> {
  const path = fillPath(template, values);
  const fields = { ...fieldsOf(template, values), ...body };
  if (method === 'DELETE') return client.send(method, withQuery(path, fields));
  return client.send(method, path, Object.keys(fields).length === 0 ? undefined : fields);
}

const fillPath = (template: string, values: Row): string =>
  fillTemplate(template, values, value => encodeURIComponent(textOf(value)));

/** Values that are not in the path. */
function fieldsOf(template: string, values: Row): Row {
  const inPath = placeholdersOf(template);
  return Object.fromEntries(Object.entries(values).filter(([name]) => !inPath.includes(name)));
}
