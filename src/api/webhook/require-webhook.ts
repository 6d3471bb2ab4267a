/** Functions that the routes of webhooks share. */
import type { Database } from '../../store/database.ts';
import { lockAccount } from '../../store/directory/account.ts';
import type { AccountRow } from '../../store/directory/account.ts';
import { countWebhooks } from '../../store/webhook/count.ts';
import { findWebhook } from '../../store/webhook/webhook.ts';
import { countAccountExpressions } from '../../store/webhook/filter.ts';
import type { WebhookRow } from '../../store/webhook/webhook.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import { requireExpressions, requireFilters } from '../../webhook/filter/filter-rules.ts';
import type { AddedFilter } from '../../webhook/filter/filter-rules.ts';
import type { ApiOptions } from '../context.ts';
import { ProblemError } from '../http/problem.ts';
import { numberOfDomain } from '../setting/effective.ts';

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
  scope,
  ...(scope !== 'Global' && { accountId, domainId }),
});

/** @throws {ProblemError} request_invalid */
export function requireTimeout(
  { timeoutMsMax }: Pick<ApiOptions, 'timeoutMsMax'>,
  { timeoutMs }: { readonly timeoutMs?: number | null },
): void {
  if (timeoutMs === undefined || timeoutMs === null || timeoutMs <= timeoutMsMax) return;
  const message = `expected at most ${timeoutMsMax}, the limit that the operator sets`;
  throw new ProblemError('request_invalid', `/timeoutMs: ${message}.`, [
    { path: '/timeoutMs', message },
  ]);
}

/**
 * Requires that the account may have one more webhook. Until the transaction ends, nobody else adds one to it.
 *
 * @throws {ProblemError} webhook_limit
 */
export async function requireRoom(
  database: Database,
  { settingDefaults }: Pick<ApiOptions, 'settingDefaults'>,
  { id, domainId }: Pick<AccountRow, 'id' | 'domainId'>,
): Promise<void> {
  const limit = await numberOfDomain(database, settingDefaults, 'webhook.account.limit', domainId);
  if (limit === 0) return;
  await lockAccount(database, id);
  if ((await countWebhooks(database, id)) < limit) return;
  throw new ProblemError(
    'webhook_limit',
    `The account has ${limit} webhooks, which is the limit (setting webhook.account.limit).`,
  );
}

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
