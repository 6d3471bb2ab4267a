/** `hookline webhook …` */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';

import {
  clientFor,
  defaultLimit,
  parseLimit,
  parseList,
  parseWhole,
  printDone,
  printList,
  printRow,
} from '../context.ts';
import type { Cli } from '../context.ts';
import { addExport } from '../apply/export.ts';
import { addFilterCommands } from './filter.ts';
import { digestFilters, type Filter, filterHelp, parseFilters } from './filter-text.ts';
import type { Row } from '../terminal/show.ts';
import { addWork } from './webhook-work.ts';

const columns = [
  'id',
  'name',
  'state',
  'scope',
  'format',
  'payloadUrl',
  'hasSecret',
  'filters',
].map(field => ({ field }));

/** What create and update have in common. */
interface Fields {
  readonly name?: string;
  readonly payloadUrl?: string;
  readonly description?: string;
  readonly scope?: string;
  readonly state?: string;
  readonly domain?: string;
  readonly account?: string;
  readonly secret?: string;
  readonly sslVerification?: boolean;
  readonly format?: string;
  readonly body?: Row | '';
  readonly msgKey?: string;
  readonly template?: string;
  readonly validation?: string;
  readonly categories?: readonly string[];
  readonly tries?: number;
  readonly timeoutMs?: number;
  readonly concurrencyMax?: number;
  readonly ratePerSecondMax?: number;
  readonly ordering?: string;
  readonly batch?: Row | '';
  readonly filter?: readonly Filter[];
}

export function addWebhookCommands(program: Command, cli: Cli): void {
  const webhook = program.command('webhook').description('who is told of which events');
  addReading(webhook, cli);
  addWriting(webhook, cli);
  addStates(webhook, cli);
  addFilterCommands(webhook, cli);
  addWork(webhook, cli);
  addExport(webhook, cli);
}

function addReading(webhook: Command, cli: Cli): void {
  webhook
    .command('list')
    .description('list webhooks, oldest first')
    .addOption(new Option('--state <state>', 'only these').choices(['Enabled', 'Disabled']))
    .addOption(new Option('--scope <scope>', 'only these').choices(['Local', 'Domain', 'Global']))
    .option('--name <name>', 'only those of exactly this name')
    .option('--account <id>', "only this owner's")
    .option('--domain <id>', "only this domain's")
    .option('--limit <n>', 'at most so many', parseLimit, defaultLimit)
    .action(async (options: Record<string, string> & { limit: number }, command: Command) => {
      const { account: accountId, domain: domainId, limit, ...query } = options;
      await printList(cli, command, {
        path: '/v1/webhooks',
        query: { ...query, accountId, domainId },
        limit,
        columns,
        digest: row => digestFilters(row, false),
      });
    });

  webhook
    .command('show')
    .description('show a webhook')
    .argument('<id>')
    .action(async (id: string, _: object, command: Command) => {
      const client = await clientFor(cli, command);
      printWebhook(cli, command, await client.get(pathOf(id)));
    });
}

function addFields(command: Command): Command {
  return command
    .option('--description <text>', 'for people')
    .addOption(new Option('--scope <scope>', 'whose events').choices(['Local', 'Domain', 'Global']))
    .addOption(
      new Option('--state <state>', 'a disabled one is told of nothing').choices([
        'Enabled',
        'Disabled',
      ]),
    )
    .option('--domain <id>', 'the domain, with scope Domain')
    .option(
      '--secret <text>',
      'signs the deliveries; - reads it from standard input, "" takes it away',
    )
    .option('--ssl-verification', 'the certificate must be valid (https)')
    .option('--no-ssl-verification', 'any certificate will do')
    .option('--format <name>', 'what the requests look like; `hookline format list` tells')
    .option(
      '--body <json>',
      'fields added to the body, as a JSON object; "" takes them away',
      parseObject,
    )
    .option('--msg-key <key>', 'format cloudpods: the key of the message as text')
    .option(
      '--template <text>',
      "instead of the format's own words; - reads it from standard input",
    )
    .addOption(
      new Option('--validation <how>', 'how the receiver is asked beforehand').choices([
        'none',
        'post',
        'options',
      ]),
    )
    .option('--categories <list>', "CloudStack's categories, or *", parseList)
    .option('--tries <n>', 'attempts in all for one delivery', parseWhole)
    .option('--timeout-ms <ms>', 'total deadline of one attempt', parseWhole)
    .option('--concurrency-max <n>', 'requests in flight at most', parseWhole)
    .option('--rate-per-second-max <n>', 'requests begun in a second at most', parseWhole)
    .addOption(
      new Option('--ordering <how>', 'of the events of one entity, one at a time').choices([
        'none',
        'entity',
      ]),
    )
    .option(
      '--batch <json>',
      'several events a request: {"eventsMax":100,"waitMs":1000,"as":"ndjson","gzip":true}; "" is one event a request',
      parseObject,
    );
}

function addWriting(webhook: Command, cli: Cli): void {
  addFields(
    webhook
      .command('create')
      .description('make a webhook')
      .requiredOption('--name <name>', 'for people')
      .requiredOption('--payload-url <url>', 'where events are posted to'),
  )
    .option('--account <id>', 'the owner; your own account when absent')
    .option('--filter <filter>', `${filterHelp}; again for more`, parseFilters)
    .action(async (options: Fields, command: Command) => {
      const client = await clientFor(cli, command);
      const made = await client.send('POST', '/v1/webhooks', await toBody(cli, options));
      printWebhook(cli, command, made);
    });

  addFields(
    webhook
      .command('update')
      .description('change a webhook: what is named, and nothing else')
      .argument('<id>')
      .option('--name <name>', 'for people')
      .option('--payload-url <url>', 'where events are posted to'),
  ).action(async (id: string, options: Fields, command: Command) => {
    const client = await clientFor(cli, command);
    printWebhook(cli, command, await client.send('PATCH', pathOf(id), await toBody(cli, options)));
  });

  webhook
    .command('delete')
    .description('delete webhooks')
    .argument('<id...>')
    .action(async (ids: string[], _: object, command: Command) => {
      const client = await clientFor(cli, command);
      for (const id of ids) {
        await client.send('DELETE', pathOf(id));
        printDone(cli, command, `${id} deleted`, { id });
      }
    });
}

function addStates(webhook: Command, cli: Cli): void {
  for (const [name, state] of [
    ['enable', 'Enabled'],
    ['disable', 'Disabled'],
  ] as const) {
    webhook
      .command(name)
      .description(`${name} webhooks`)
      .argument('<id...>')
      .action(async (ids: string[], _: object, command: Command) => {
        const client = await clientFor(cli, command);
        for (const id of ids) {
          const now = await client.send('PATCH', pathOf(id), { state });
          printDone(cli, command, `${id} is ${state}`, now);
        }
      });
  }
}

const printWebhook = (cli: Cli, command: Command, row: Row): void =>
  printRow(cli, command, row, digestFilters(row, true));

const pathOf = (id: string): string => `/v1/webhooks/${encodeURIComponent(id)}`;

async function toBody({ io }: Cli, options: Fields): Promise<Row> {
  const { account: accountId, domain: domainId, secret, filter: filters, ...rest } = options;
  const secretKey = secret === '-' ? (await io.readInput()).replace(/\r?\n$/, '') : secret;
  const template = rest.template === '-' ? await io.readInput() : rest.template;
  // JSON leaves out what is undefined: what was not said is not sent.
  return {
    ...rest,
    body: takenAway(rest.body),
    batch: takenAway(rest.batch),
    msgKey: takenAway(rest.msgKey),
    template: takenAway(template),
    accountId,
    domainId,
    secretKey,
    filters,
  };
}

const takenAway = <T>(value: T | ''): T | null => (value === '' ? null : value);

/** @returns an empty text as it is, to take the value away: Commander lets no null through. */
function parseObject(text: string): Row | '' {
  if (text === '') return text;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new InvalidArgumentError('expected a JSON object, such as {"name":"value"}');
}
