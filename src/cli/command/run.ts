/** Runs a command's row: makes its request and prints the answer. */
import { type CommandContext, openClient } from '../context.ts';
import { type Client, textOf, withQuery } from '../terminal/client.ts';
import type { Row } from '../terminal/show.ts';
import type { ActionDefinition, RequestDefinition } from './definition.ts';
import { printDone, printList, printRow } from './print.ts';

/** @param values arguments and options by their names. */
export async function runDefinition(
  context: CommandContext,
  definition: ActionDefinition,
  values: Row,
): Promise<void> {
  if ('run' in definition) return definition.run(context, values);
  const { columns, digest } = definition;
  if (columns === undefined) return send(context, definition, values);
  const { path, fields } = toRequest(definition, values);
  const { limit, ...query } = fields;
  const pageLimit = typeof limit === 'number' ? limit : undefined;
  return printList(context, { path, query, limit: pageLimit, columns, digest });
}

async function send(
  context: CommandContext,
  definition: RequestDefinition,
  values: Row,
): Promise<void> {
  const { digest, describe, request: line } = definition;
  const subject = context.command.registeredArguments.at(-1)?.name() ?? '';
  const { done = line.startsWith('DELETE') ? `{${subject}} deleted` : undefined } = definition;
  const { [subject]: given } = values;
  const client = await openClient(context);
  // `<id...>`: one request after the other.
  for (const one of Array.isArray(given) ? given : [given]) {
    const own = subject === '' ? {} : { [subject]: one };
    const single = { ...values, ...own };
    const answer = await request(client, definition, single);
    const message =
      done === undefined
        ? describe?.(single, answer)
        : fillTemplate(done, { ...single, ...answer }, textOf);
    if (message === undefined) printRow(context, answer, digest?.(answer));
    else printDone(context, message, { ...own, ...answer });
  }
}

async function request(client: Client, definition: RequestDefinition, values: Row): Promise<Row> {
  const { method, path, fields } = toRequest(definition, values);
  if (method === 'GET' || method === 'DELETE') return client.send(method, withQuery(path, fields));
  const body = { ...fields, ...definition.body };
  return client.send(method, path, Object.keys(body).length === 0 ? undefined : body);
}

/** Fills the path; the values that are not in it are fields of the query or the body. */
function toRequest(definition: RequestDefinition, values: Row) {
  const [method = '', template = ''] = definition.request.split(' ');
  const fields = Object.entries(values).filter(([name]) => !template.includes(`{${name}}`));
  return {
    method,
    path: fillTemplate(template, values, value => encodeURIComponent(textOf(value))),
    fields: Object.fromEntries(fields),
  };
}

/** Replaces `{name}` by the field of that name. @throws RangeError where there is none. */
function fillTemplate(template: string, values: Row, show: (value: unknown) => string): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new RangeError(`${template} has no value for ${name}`);
    return show(value);
  });
}
