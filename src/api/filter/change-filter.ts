/** Adds and removes filters: one way for REST and for CloudStack's API. */
import type { WebhookFilter } from '../../webhook/webhook.ts';
import { inTransaction } from '../../store/database.ts';
import { deleteFilter, insertFilter, lockWebhook } from '../../store/webhook/query-webhook.ts';
import type { FilterFacts } from '../../store/webhook/query-webhook.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { writeAudit } from '../setting/write-audit.ts';
import { ProblemError } from '../http/problem.ts';
import { ofWebhook, requireFilters, requireWebhook } from '../webhook/require-webhook.ts';

type Deps = Pick<ApiOptions, 'store' | 'newId'>;

/**
 * @param id of the webhook.
 * @throws {ProblemError} not_found, filter_invalid, filter_conflict.
 */
export async function addFilter(
  { store, newId }: Deps,
  caller: Caller,
  { id, filter }: { id: string; filter: WebhookFilter },
): Promise<FilterFacts> {
  return inTransaction(store, async database => {
    await lockWebhook(database, id);
    const webhook = await requireWebhook(database, id, caller.visibility);
    await requireFilters(database, webhook, [{ filter, path: '' }]);
    const made = await insertFilter(database, id, { ...filter, id: newId() });
    await writeAudit(database, caller, {
      action: 'filter.created',
      ...ofWebhook(webhook),
      after: made,
    });
    return made;
  });
}

/**
 * @param id of the webhook.
 * @throws {ProblemError} not_found
 */
export async function removeFilter(
  { store }: Pick<Deps, 'store'>,
  caller: Caller,
  { id, filterId }: { id: string; filterId: string },
): Promise<void> {
  await inTransaction(store, async database => {
    const webhook = await requireWebhook(database, id, caller.visibility);
    const before = webhook.filters.find(one => one.id === filterId);
    if (!before || !(await deleteFilter(database, id, filterId))) throw noFilter();
    await writeAudit(database, caller, {
      action: 'filter.deleted',
      ...ofWebhook(webhook),
      before,
    });
  });
}

export const noFilter = (): ProblemError =>
  new ProblemError('not_found', 'The webhook has no filter with this id.');
