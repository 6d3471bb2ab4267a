/** The webhook a route is about, and what the routes about webhooks have in common. */
import type { WebhookFilter } from '../../webhook/webhook.ts';
import type { Database } from '../../store/database.ts';
import { countAccountExpressions, findWebhook } from '../../store/webhook/query-webhook.ts';
import type { WebhookFacts } from '../../store/webhook/query-webhook.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import { accountExpressionsMax, countExpressions, requireFilter } from '../filter/filter-rules.ts';
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

/**
 * @param existing the webhook's filters.
 * @param added those it is to have besides; `path` is where each is in the request's body.
 * @throws {ProblemError} filter_invalid, filter_conflict
 */
export async function requireFilters(
  database: Database,
  { accountId, filters: existing }: Pick<WebhookFacts, 'accountId' | 'filters'>,
  added: readonly { readonly filter: WebhookFilter; readonly path: string }[],
): Promise<void> {
  const all: WebhookFilter[] = [...existing];
  for (const { filter, path } of added) {
    requireFilter(all, filter, path);
    all.push(filter);
  }
  const more = countExpressions(all) - countExpressions(existing);
  if (more === 0) return;
  if ((await countAccountExpressions(database, accountId)) + more > accountExpressionsMax) {
    throw new ProblemError(
      'filter_invalid',
      `The webhooks of an account have at most ${accountExpressionsMax} expressions together.`,
    );
  }
}

/** The filters of a request that has a list of them. */
export const numbered = (filters: readonly WebhookFilter[]) =>
  filters.map((filter, at) => ({ filter, path: `/filters/${at}` }));
