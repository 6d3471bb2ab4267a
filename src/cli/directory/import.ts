/** `hookline import …`: takes over what was set up elsewhere. */
import type { Command } from 'commander';

import type { Client } from '../terminal/client.ts';
import { clientFor, configFor, sharedOptions } from '../context.ts';
import type { Cli } from '../context.ts';
import type { ImportTarget } from '../../directory/cloudstack/import-webhooks.ts';
import { CommandError } from '../terminal/failure.ts';
import { showTable } from '../terminal/show.ts';
import type { Row } from '../terminal/show.ts';

/** More webhooks than this are not compared with. */
const existingMax = 1_000_000;

export function addImportCommands(program: Command, cli: Cli): void {
  program
    .command('import')
    .description('take over what was set up elsewhere')
    .command('cloudstack')
    .description(
      'make the webhooks and filters that the CloudStack of directory.url has; those that are there already stay as they are',
    )
    .option('--dry-run', 'say what would be made, and make nothing')
    .option(
      '--disabled',
      'make them disabled: as long as CloudStack delivers too, receivers get everything twice',
    )
    .action(async ({ dryRun = false, disabled = false }: Options, command: Command) =>
      importCloudstack(cli, command, { dryRun, disabled }),
    );
}

interface Options {
  readonly dryRun?: boolean;
  readonly disabled?: boolean;
}

async function importCloudstack(
  cli: Cli,
  command: Command,
  options: Required<Options>,
): Promise<void> {
  const { io, actions } = cli;
  const target = await openTarget(await clientFor(cli, command));
  const { webhooks, notes } = await actions.importFromCloudstack(
    configFor(cli, command),
    target,
    options,
  );
  const columns = ['result', 'name', 'owner', 'payloadUrl', 'detail'].map(field => ({ field }));
  if (sharedOptions(command).json === true) io.out(JSON.stringify(webhooks, null, 2));
  else if (webhooks.length === 0) io.err('CloudStack has no webhooks.');
  else
    io.out(
      showTable(
        webhooks.map(webhook => ({ ...webhook })),
        columns,
        io.columns,
      ),
    );
  for (const note of notes) io.err(note);
  const failed = webhooks.filter(({ result }) => result === 'failed').length;
  if (failed > 0) {
    throw new CommandError(
      `${failed} of ${webhooks.length} webhooks could not be taken over; the others were. Is the directory in step (hookline directory status)?`,
    );
  }
}

/** The webhooks there are, read once; and REST to make more. */
async function openTarget(client: Client): Promise<ImportTarget> {
  const { rows } = await client.list('/v1/webhooks', {}, existingMax);
  const existing = new Map(rows.map(row => [keyOf(row['accountId'], row['payloadUrl']), row]));
  return {
    find: async (accountId, payloadUrl) => {
      const row = existing.get(keyOf(accountId, payloadUrl));
      return row && toExisting(row);
    },
    create: async webhook => {
      const made = await client.send('POST', '/v1/webhooks', webhook);
      existing.set(keyOf(webhook.accountId, webhook.payloadUrl), made);
    },
  };
}

const keyOf = (accountId: unknown, payloadUrl: unknown): string =>
  JSON.stringify([accountId, payloadUrl]);

function toExisting(row: Row): NonNullable<Awaited<ReturnType<ImportTarget['find']>>> {
  const text = (name: string): string => {
    const value = row[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    name: text('name'),
    description: text('description'),
    state: text('state'),
    scope: text('scope'),
    domainId: text('domainId'),
    sslVerification: row['sslVerification'] === true,
    filters: Array.isArray(row['filters']) ? row['filters'] : [],
  };
}
