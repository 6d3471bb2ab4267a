/** Writes the filters of webhooks. */
import { filterNames } from '../../webhook/filter/filter-fields.ts';
import type { FilterValues } from '../../webhook/filter/filter-fields.ts';
import type { Database } from '../database.ts';
import type { FilterFacts } from './find-webhook.ts';

export async function insertFilter(
  database: Database,
  webhookId: string,
  filter: FilterValues & { readonly id: string },
): Promise<FilterFacts> {
  return database
    .insertInto('webhook_filter')
    .values({ webhookId, ...filter })
    .returning(['id', ...filterNames, 'created'])
    .executeTakeFirstOrThrow();
}

/** @returns false when the webhook has no such filter. */
export async function deleteFilterRow(
  database: Database,
  webhookId: string,
  id: string,
): Promise<boolean> {
  const deleted = await database
    .deleteFrom('webhook_filter')
    .where('webhookId', '=', webhookId)
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst();
  return deleted !== undefined;
}
