/** Functions that the routes of webhooks share. */
import type { Database } from '../../store/database.ts';
import { lockAccount } from '../../store/directory/account.ts';
import { findWebhook } from '../../store/webhook/webhook.ts';
import { countAccountExpressions } from '../../store/webhook/filter.ts';
import type { WebhookRow } from '../../store/webhook/webhook.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import { requireExpressions, requireFilters } from '../../webhook/filter/filter-rules.ts';
import type { AddedFilter } from '../../webhook/filter/filter-rules.ts';
import { ProblemError } from '../http/problem.ts';

/** @throws {ProblemError} not_found */
export async function requireWebhook(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<WebhookRow> {
  const webhook = await findWebhook(database, id, visibility);
  if (!webhook) {
    throw new ProblemError('not_found', 'Unable to find the webhook with the specified ID');
  }
  return webhook;
}

/** The owner of an audit's row: it is visible to those who may see the webhook. */
export const ofWebhook = ({ id, scope, accountId, domainId }: WebhookRow) => ({
  objectId: id,
  ...(scope !== 'Global' && { accountId, domainId }),
});

/** @throws {WebhookError} filter_invalid, filter_conflict */
export async function requireMoreFilters(
  database: Database,
  { accountId, filters }: Pick<WebhookRow, 'accountId' | 'filters'>,
  added: readonly AddedFilter[],
): Promise<void> {
  const more = requireFilters(filters, added);
  if (more === 0) return;
  await lockAccount(database, accountId);
  requireExpressions((await countAccountExpressions(database, accountId)) + more);
}
