/** Creates and deletes filters: one way for REST and for CloudStack's API. */
import { initialFilter } from '../../webhook/filter/filter-fields.ts';
import type { FilterWish } from '../../webhook/filter/filter-fields.ts';
import { inTransaction } from '../../store/database.ts';
import { lockWebhook } from '../../store/webhook/write-webhook.ts';
import { deleteFilterRow, insertFilter } from '../../store/webhook/write-filter.ts';
import type { FilterFacts } from '../../store/webhook/find-webhook.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { writeAudit } from '../setting/write-audit.ts';
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
): Promise<FilterFacts> {
  const filter = { ...initialFilter, ...wish };
  return inTransaction(store, async database => {
    await lockWebhook(database, id);
    const webhook = await requireWebhook(database, id, caller.visibility);
    await requireMoreFilters(database, webhook, [{ filter, path: '' }]);
    const created = await insertFilter(database, id, { ...filter, id: newId() });
    await writeAudit(database, caller, {
      action: 'filter.created',
      ...ofWebhook(webhook),
      after: created,
    });
    return created;
  });
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
  await inTransaction(store, async database => {
    const webhook = await requireWebhook(database, id, caller.visibility);
    const before = webhook.filters.find(one => one.id === filterId);
    if (!before || !(await deleteFilterRow(database, id, filterId))) throw noFilter();
    await writeAudit(database, caller, {
      action: 'filter.deleted',
      ...ofWebhook(webhook),
      before,
    });
  });
}

export const noFilter = (): ProblemError =>
  new ProblemError('not_found', 'The webhook has no filter with this id.');
