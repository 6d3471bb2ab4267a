/** `hookline webhook export`: webhooks as `hookline apply` takes them. */
import type { Command } from 'commander';
import { Document, isMap, isSeq } from 'yaml';

import { clientFor, sharedOptions } from '../context.ts';
import type { Cli } from '../context.ts';
import type { Row } from '../terminal/show.ts';
import { readWebhookSchema } from '../webhook/webhook-schema.ts';

const exportMax = 1_000_000;

export function addExport(webhook: Command, cli: Cli): void {
  webhook
    .command('export')
    .description(
      'write webhooks and their filters as a file for `hookline apply`, YAML or with --json JSON; secrets stay where they are',
    )
    .option('--account <id>', "only this owner's")
    .action(async ({ account: accountId }: { account?: string }, command: Command) => {
      const client = await clientFor(cli, command);
      const { fields } = await readWebhookSchema(client);
      const { rows } = await client.list('/v1/webhooks', { accountId }, exportMax);
      const items = rows.map(row => toItem(row, fields));
      const isJson = sharedOptions(command).json === true;
      cli.io.out(isJson ? JSON.stringify(items, null, 2) : toYaml(items, rows));
      for (const name of findTwins(rows)) {
        cli.io.err(
          `Two webhooks of one owner are named ${name}; give one another name before you apply this.`,
        );
      }
    });
}

/** Who it is, then the rest; what is not set is left out. */
function toItem(row: Row, fields: readonly string[]): Row {
  const { name, accountId, domainId, filters, ...rest } = row;
  const said = Object.entries(rest).filter(
    ([field, value]) => fields.includes(field) && value !== null && value !== undefined,
  );
  return {
    name,
    accountId,
    ...Object.fromEntries(said),
    // Of the other scopes it is the owner's own, which may move.
    ...(rest['scope'] === 'Domain' && { domainId }),
    filters: Array.isArray(filters) ? filters.map(toFilter) : [],
  };
}

function toFilter({ id: _id, created: _created, ...said }: Row): Row {
  return Object.fromEntries(
    Object.entries(said).filter(([, value]) => value !== null && value !== undefined),
  );
}

function toYaml(items: readonly Row[], rows: readonly Row[]): string {
  const document = new Document(items);
  const { contents } = document;
  for (const [index, item] of (isSeq(contents) ? contents.items : []).entries()) {
    const { hasSecret } = rows[index] ?? {};
    if (!isMap(item) || hasSecret !== true) continue;
    item.comment =
      ' It has a secret, which stays as it is. Elsewhere, name one: secretKeyFrom: env:NAME or file:PATH';
  }
  return document.toString({ lineWidth: 0 }).trimEnd();
}

function findTwins(rows: readonly Row[]): string[] {
  const seen = new Set<string>();
  return rows.flatMap(({ name, accountId }) => {
    const key = JSON.stringify([accountId, name]);
    if (seen.has(key)) return [String(name)];
    seen.add(key);
    return [];
  });
}
