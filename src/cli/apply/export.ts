/** `hookline webhook export`: webhooks in the form that `hookline apply` reads. */
import { Document, isMap, isSeq } from 'yaml';

import { defineCommand } from '../command/definition.ts';
import { isJson, openClient } from '../context.ts';
import type { Row } from '../terminal/show.ts';
import { readWebhookSchema } from '../webhook/webhook-schema.ts';
import type { ExistingWebhook } from './apply-plan.ts';

const exportMax = 1_000_000;

export const exportCommand = defineCommand({
  words: 'webhook export',
  about:
    'write webhooks and their filters as a file for `hookline apply`, in YAML or with --json in JSON; secrets are left out',
  options: { accountId: '--account <id>  only of this owner' },
  run: async (context, query) => {
    const { io } = context;
    const client = await openClient(context);
    const { fields } = await readWebhookSchema(client);
    const { rows } = await client.list<ExistingWebhook>('/v1/webhooks', query, exportMax);
    const items = rows.map(row => toItem(row, fields));
    io.out(isJson(context) ? JSON.stringify(items, null, 2) : toYaml(items, rows));
    for (const name of duplicateNames(rows)) {
      io.err(`Two webhooks of one owner are named ${name}; rename one before you apply this.`);
    }
  },
});

/** Puts name and owner before the other fields, and leaves out fields that are not set. */
function toItem(row: ExistingWebhook, fields: readonly string[]): Row {
  const { name, accountId, domainId, filters, ...rest } = row;
  const given = Object.entries(rest).filter(
    ([field, value]) => fields.includes(field) && value !== null && value !== undefined,
  );
  return {
    name,
    accountId,
    ...Object.fromEntries(given),
    // With another scope it is the owner's domain, which may change.
    ...(rest['scope'] === 'Domain' && { domainId }),
    filters: filters.map(toFilter),
  };
}

function toFilter({ id: _id, created: _created, ...filter }: Row): Row {
  return Object.fromEntries(
    Object.entries(filter).filter(([, value]) => value !== null && value !== undefined),
  );
}

function toYaml(items: readonly Row[], rows: readonly ExistingWebhook[]): string {
  const document = new Document(items);
  const { contents } = document;
  for (const [index, item] of (isSeq(contents) ? contents.items : []).entries()) {
    if (!isMap(item) || rows[index]?.hasSecret !== true) continue;
    item.comment =
      ' It has a secret, which stays as it is. Elsewhere, name its origin: secretKeyFrom: env:NAME or file:PATH';
  }
  return document.toString({ lineWidth: 0 }).trimEnd();
}

function duplicateNames(rows: readonly ExistingWebhook[]): string[] {
  const seen = new Set<string>();
  return rows.flatMap(({ name, accountId }) => {
    const key = JSON.stringify([accountId, name]);
    if (seen.has(key)) return [name];
    seen.add(key);
    return [];
  });
}
