/** Filters of webhooks; they are read with their webhook. */
import { filterNames } from '../../webhook/filter/filter-fields.ts';
import type { FilterValues } from '../../webhook/filter/filter-fields.ts';
import type { Database } from '../database.ts';
import type { FilterRow } from './webhook.ts';

export async function insertFilter(
  database: Database,
  webhookId: string,
  filter: FilterValues & { readonly id: string },
): Promise<FilterRow> {
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

/** Counts the expressions among the filters of all webhooks of an account. */
export async function countAccountExpressions(
  database: Database,
  accountId: string,
): Promise<number> {
  const { count } = await database
    .selectFrom('webhook as w')
    .innerJoin('webhook_filter as f', 'f.webhookId', 'w.id')
    .where('w.accountId', '=', accountId)
    .where('f.type', '=', 'Expression')
    .select(eb => eb.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
