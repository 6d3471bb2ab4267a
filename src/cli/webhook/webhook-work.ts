/** `hookline webhook test`, `rotate-secret`, `redeliver`: what is done with a webhook that does not change its settings. */
import { Option } from 'commander';
import type { Command } from 'commander';

import { clientFor, printDone, printRow, sharedOptions } from '../context.ts';
import type { Cli } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import { showTable } from '../terminal/show.ts';
import type { Row } from '../terminal/show.ts';
import { parseInstant, parseSeconds } from '../delivery/time.ts';

export function addWork(webhook: Command, cli: Cli): void {
  addTest(webhook, cli);
  addRotation(webhook, cli);
  addRedelivery(webhook, cli);
}

interface TestOptions {
  readonly payload?: string;
  readonly payloadUrl?: string;
  readonly account?: string;
  readonly secret?: string;
  readonly sslVerification?: boolean;
}

function addTest(webhook: Command, cli: Cli): void {
  webhook
    .command('test')
    .description(
      'make a test delivery, the way real ones go, and say what came of it; fails when it was not accepted',
    )
    .argument('[id]', 'a webhook; without one --payload-url says where')
    .option('--payload <text>', "the body; - is standard input; CloudStack's own when absent")
    .option('--payload-url <url>', "a URL, instead of the webhook's")
    .option('--account <id>', 'without a webhook: whose it would be, which decides where it may go')
    .option('--secret <text>', 'sign with this; - is standard input, "" signs nothing')
    .option('--ssl-verification', 'the certificate must be valid (https)')
    .option('--no-ssl-verification', 'any certificate will do')
    .action(async (id: string | undefined, options: TestOptions, command: Command) => {
      const { account: accountId, secret, payload, ...rest } = options;
      if (id === undefined && rest.payloadUrl === undefined)
        command.error('error: name a webhook, or a URL by --payload-url');
      if (secret === '-' && payload === '-')
        command.error('error: standard input is the payload or the secret, not both');
      const body = {
        ...rest,
        payload: await fromInput(cli, payload, text => text),
        secretKey: await fromInput(cli, secret, text => text.replace(/\r?\n$/, '')),
        ...(id === undefined && { accountId }),
      };
      const client = await clientFor(cli, command);
      const path = id === undefined ? '/v1/test' : `${pathOf(id)}/test`;
      const result = await client.send('POST', path, body);
      printRow(cli, command, result, digestTest(result));
      const { code } = Object(result['diagnosis']);
      if (code !== 'delivered')
        throw new CommandError(`It was not accepted (${code}).`, { code: 'test_failed' });
    });
}

async function fromInput(
  { io }: Cli,
  text: string | undefined,
  trim: (text: string) => string,
): Promise<string | undefined> {
  return text === '-' ? trim(await io.readInput()) : text;
}

/** What people look for first. */
function digestTest({ request, response, diagnosis, timing, ...rest }: Row): Row {
  const { url, headers, body } = Object(request);
  const { startedAt: _, ...steps } = Object(timing);
  const answered = Object(response);
  return {
    result: Object(diagnosis).text,
    ...(request !== undefined && { url, requestHeaders: headers, requestBody: body }),
    ...(response !== undefined && {
      status: answered.status,
      responseHeaders: answered.headers,
      responseBody: answered.body,
    }),
    ...(timing !== undefined && { timing: inWholeMs(steps) }),
    ...rest,
  };
}

const inWholeMs = (steps: object): Row =>
  Object.fromEntries(
    Object.entries(steps).map(([name, ms]) => [name, Math.round(Number(ms) * 10) / 10]),
  );

function addRotation(webhook: Command, cli: Cli): void {
  webhook
    .command('rotate-secret')
    .description(
      'give a webhook a new secret, made at random unless given, and show it this once; the old one goes on signing beside it for a while',
    )
    .argument('<id>')
    .option('--overlap <time>', 'for how long, such as 24h or 0; a day when absent', parseSeconds)
    .option('--secret <text>', 'the new one; - reads it from standard input')
    .action(
      async (id: string, options: { overlap?: number; secret?: string }, command: Command) => {
        const { overlap, secret } = options;
        const secretKey = await fromInput(cli, secret, text => text.replace(/\r?\n$/, ''));
        const client = await clientFor(cli, command);
        const rotated = await client.send('POST', `${pathOf(id)}/secret`, { overlap, secretKey });
        printRow(cli, command, rotated);
      },
    );
}

interface RedeliverOptions {
  readonly from: string;
  readonly to?: string;
  readonly state?: string;
  readonly type?: string;
  readonly dryRun?: boolean;
}

function addRedelivery(webhook: Command, cli: Cli): void {
  webhook
    .command('redeliver')
    .description(
      "deliver a webhook's past events once more: those that failed, unless told otherwise, and were not delivered since",
    )
    .argument('<id>')
    .requiredOption(
      '--from <instant>',
      'recorded at or after, such as 2026-11-21T10:00:00Z, or so long ago: 24h',
      parseInstant,
    )
    .option('--to <instant>', 'recorded before; until now when absent', parseInstant)
    .addOption(
      new Option(
        '--state <state>',
        'what became of them the last time; failed when absent',
      ).choices(['failed', 'delivered', 'cancelled']),
    )
    .option('--type <type>', 'only events of this type, such as VM.START')
    .option('--dry-run', 'say how many, and which come first, and deliver nothing')
    .action(async (id: string, options: RedeliverOptions, command: Command) =>
      redeliver(cli, command, id, options),
    );
}

/** One request looks at so many and no more: on to the end. */
async function redeliver(
  cli: Cli,
  command: Command,
  id: string,
  { type: eventType, dryRun = false, ...choice }: RedeliverOptions,
): Promise<void> {
  const client = await clientFor(cli, command);
  let cursor: unknown;
  let count = 0;
  const samples: Row[] = [];
  do {
    const body = { ...choice, eventType, dryRun, ...(typeof cursor === 'string' && { cursor }) };
    const done = await client.send('POST', `${pathOf(id)}/redeliver`, body);
    count += Number(done['count']);
    if (Array.isArray(done['samples'])) samples.push(...done['samples']);
    cursor = done['nextCursor'];
  } while (typeof cursor === 'string');
  const columns = ['eventId', 'eventType', 'entityUuid'].map(field => ({ field }));
  const isJson = sharedOptions(command).json === true;
  if (dryRun && !isJson && samples.length > 0)
    cli.io.out(showTable(samples, columns, cli.io.columns));
  const more = samples.length < count && dryRun ? ', of which the first are shown' : '';
  printDone(
    cli,
    command,
    dryRun ? `${count} would be delivered again${more}` : `${count} are delivered again`,
    { id, dryRun, count, ...(dryRun && { samples }) },
  );
}

const pathOf = (id: string): string => `/v1/webhooks/${encodeURIComponent(id)}`;
