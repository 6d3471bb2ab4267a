/** `hookline import cloudstack` */
import type { ExistingWebhook, ImportTarget } from '../../directory/cloudstack/import-webhooks.ts';
import { type CommandDefinition, defineCommand } from '../command/definition.ts';
import { printTable } from '../command/print.ts';
import { configFor, openClient } from '../context.ts';
import type { Client } from '../terminal/client.ts';
import { CommandError } from '../terminal/failure.ts';

const importCloudstack = defineCommand({
  words: 'import cloudstack',
  about:
    'create the webhooks and filters of the CloudStack at directory.url; existing ones are not updated',
  options: {
    dryRun: '--dry-run  show what would be created, and create nothing',
    disabled:
      '--disabled  create them disabled: as long as CloudStack delivers too, receivers get every event twice',
  },
  run: async (context, { dryRun = false, disabled = false }) => {
    const target = await openTarget(await openClient(context));
    const options = { dryRun, disabled };
    const imported = await context.actions.importFromCloudstack(
      configFor(context),
      target,
      options,
    );
    const { webhooks, notes } = imported;
    printTable(context, webhooks, {
      columns: 'result name owner payloadUrl detail',
      empty: 'CloudStack has no webhooks.',
    });
    for (const note of notes) context.io.err(note);
    const failed = webhooks.filter(({ result }) => result === 'failed').length;
    if (failed > 0) {
      throw new CommandError(
        `${failed} of ${webhooks.length} webhooks could not be imported; the others were. Is the directory in step (hookline directory status)?`,
      );
    }
  },
});

export const importCommands: readonly CommandDefinition[] = [
  { words: 'import', about: 'import webhooks of another system' },
  importCloudstack,
];

/** Maximum number of existing webhooks that are compared. */
const existingMax = 1_000_000;

interface Webhook extends ExistingWebhook {
  readonly accountId: string;
  readonly payloadUrl: string;
}

/** Reads the existing webhooks once; the REST API creates the others. */
async function openTarget(client: Client): Promise<ImportTarget> {
  const { rows } = await client.list<Webhook>('/v1/webhooks', {}, existingMax);
  const existing = new Map(rows.map(row => [keyOf(row.accountId, row.payloadUrl), row]));
  return {
    find: async (accountId, payloadUrl) => existing.get(keyOf(accountId, payloadUrl)),
    create: async webhook => {
      const created = await client.send<Webhook>('POST', '/v1/webhooks', webhook);
      existing.set(keyOf(webhook.accountId, webhook.payloadUrl), created);
    },
  };
}

const keyOf = (accountId: string, payloadUrl: string): string =>
  JSON.stringify([accountId, payloadUrl]);
