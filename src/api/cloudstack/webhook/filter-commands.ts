/**
 * `addWebhookFilter`, `listWebhookFilters`, `deleteWebhookFilter`.
 *
 * Source: reference "CloudStack" sections 1.1, 1.3 and 1.4; apache/cloudstack, WebhookApiServiceImpl.
 */
import { listFiltersByPage } from '../../../store/webhook/list-by-page.ts';
import { databaseOf } from '../../../store/database.ts';
import { createFilter, deleteFilter } from '../../filter/write-filter.ts';
import { requireWebhook } from '../../webhook/require-webhook.ts';
import { listFields } from '../request/answer.ts';
import type { CommandFunction } from '../context.ts';
import { filterFields } from './objects.ts';
import { readPage } from '../request/page.ts';
import { readMatchType, readMode } from './words.ts';

export const addWebhookFilter: CommandFunction = async ({ options, caller, args }) => {
  const id = args.text('webhookid') ?? '';
  const made = await createFilter(options, caller, {
    id,
    filter: {
      mode: readMode(args.text('mode')) ?? 'Include',
      matchType: readMatchType(args.text('matchtype')) ?? 'Exact',
      value: args.text('value') ?? '',
    },
  });
  const { name } = await requireWebhook(databaseOf(options.store), id, caller.visibility);
  const named = { ...made, webhookId: id, webhookName: name };
  return { webhookfilter: filterFields(named) };
};

export const listWebhookFilters: CommandFunction = async ({ options, caller, args }) => {
  const page = readPage(args);
  const search = readSearch(args.text('id'), args.text('webhookid'));
  const database = databaseOf(options.store);
  const { count, rows } = await listFiltersByPage(database, caller.visibility, { search, page });
  return listFields('webhookfilter', count, rows.map(filterFields));
};

/** Deletes one filter, or all of a webhook's; without parameters it deletes nothing, as in CloudStack. */
export const deleteWebhookFilter: CommandFunction = async ({ options, caller, args }) => {
  const [id, webhookId] = [args.text('id'), args.text('webhookid')];
  if (id === undefined && webhookId === undefined) return { success: true };
  const search = readSearch(id, webhookId);
  const page = { offset: 0, limit: filtersAtOnceMax };
  const database = databaseOf(options.store);
  const { rows } = await listFiltersByPage(database, caller.visibility, { search, page });
  for (const filter of rows) {
    await deleteFilter(options, caller, { id: filter.webhookId, filterId: filter.id });
  }
  return { success: true };
};

/** More than the filters of any webhook. */
const filtersAtOnceMax = 1_000;

const readSearch = (id: string | undefined, webhookId: string | undefined) => ({
  ...(id !== undefined && { id }),
  ...(webhookId !== undefined && { webhookId }),
});
