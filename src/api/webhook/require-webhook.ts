/** The webhook a route is about, and what the routes about webhooks have in common. */
import type { Database } from '../../store/database.ts';
import { countAccountExpressions, findWebhook } from '../../store/webhook/find-webhook.ts';
import type { WebhookFacts } from '../../store/webhook/find-webhook.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import { requireExpressions, requireFilters } from '../../webhook/filter/filter-rules.ts';
import type { AddedFilter } from '../../webhook/filter/filter-rules.ts';
import { ProblemError } from '../http/problem.ts';

/** @throws {ProblemError} not_found */
export async function requireWebhook(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<WebhookFacts> {
  const webhook = await findWebhook(database, id, visibility);
  if (!webhook) {
    throw new ProblemError('not_found', 'Unable to find the webhook with the specified ID');
  }
  return webhook;
}

/** Whose change it is, for the audit: whoever may see the webhook may see what was done to it, and nobody else. */
export const ofWebhook = ({ id, scope, accountId, domainId }: WebhookFacts) => ({
  objectId: id,
  ...(scope !== 'Global' && { accountId, domainId }),
});

/** @throws {WebhookError} filter_invalid, filter_conflict */
export async function requireMoreFilters(
  database: Database,
  { accountId, filters }: Pick<WebhookFacts, 'accountId' | 'filters'>,
  added: readonly AddedFilter[],
): Promise<void> {
  const more = requireFilters(filters, added);
  if (more === 0) return;
  requireExpressions((await countAccountExpressions(database, accountId)) + more);
}
