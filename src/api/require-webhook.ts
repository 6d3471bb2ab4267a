/** The webhook a route is about, and what the routes about webhooks have in common. */
import type { WebhookFilter } from '../event/webhook.ts';
import type { Database } from '../store/open.ts';
import { findWebhook } from '../store/query-webhook.ts';
import type { FilterFacts, WebhookFacts } from '../store/query-webhook.ts';
import type { Territory } from '../store/territory.ts';
import { findConflict } from './filter-conflict.ts';
import { ProblemError } from './problem.ts';

/** @throws {ProblemError} not_found */
export async function requireWebhook(
  database: Database,
  id: string,
  territory: Territory,
): Promise<WebhookFacts> {
  const webhook = await findWebhook(database, id, territory);
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

/** @throws {ProblemError} filter_conflict */
export function refuseConflict(existing: readonly FilterFacts[], added: WebhookFilter): void {
  const conflict = findConflict(existing, added);
  if (conflict) {
    throw new ProblemError(
      'filter_conflict',
      `Conflicting Webhook filter exists ID: ${conflict.id}`,
    );
  }
}
