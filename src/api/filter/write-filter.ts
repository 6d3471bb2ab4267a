/** Creates and deletes filters, for REST and for CloudStack's API. */
import { initialFilter } from '../../webhook/filter/filter-fields.ts';
import type { FilterWish } from '../../webhook/filter/filter-fields.ts';
import { lockAccountOf } from '../../store/directory/account.ts';
import { lockWebhook } from '../../store/webhook/webhook.ts';
import { deleteFilterRow, insertFilter } from '../../store/webhook/filter.ts';
import type { FilterRow } from '../../store/webhook/webhook.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { changing } from '../http/changing.ts';
import { ProblemError } from '../http/problem.ts';
import { ofWebhook, requireMoreFilters, requireWebhook } from '../webhook/require-webhook.ts';

type Deps = Pick<ApiOptions, 'store' | 'newId'>;

/**
 * @param id of the webhook.
 * @throws {ProblemError} not_found. @throws {WebhookError} filter_invalid, filter_conflict.
 */
export async function createFilter(
  { store, newId }: Deps,
  caller: Caller,
  { id, filter: wish }: { id: string; filter: FilterWish },
): Promise<FilterRow> {
  const filter = { ...initialFilter, ...wish };
  const { after } = await changing(store, caller, 'filter.created', async database => {
    await lockAccountOf(database, id);
    await lockWebhook(database, id);
    const webhook = await requireWebhook(database, id, caller.visibility);
    await requireMoreFilters(database, webhook, [{ filter, path: '' }]);
    const created = await insertFilter(database, id, { ...filter, id: newId() });
    return { ...ofWebhook(webhook), after: created };
  });
  return after;
}

/**
 * @param id of the webhook.
 * @throws {ProblemError} not_found
 */
export async function deleteFilter(
  { store }: Pick<Deps, 'store'>,
  caller: Caller,
  { id, filterId }: { id: string; filterId: string },
): Promise<void> {
  await changing(store, caller, 'filter.deleted', async database => {
    const webhook = await requireWebhook(database, id, caller.visibility);
    const before = webhook.filters.find(one => one.id === filterId);
    if (!before || !(await deleteFilterRow(database, id, filterId))) throw noFilter();
    return { ...ofWebhook(webhook), before };
  });
}

export const noFilter = (): ProblemError =>
  new ProblemError('not_found', 'The webhook has no filter with this id.');
