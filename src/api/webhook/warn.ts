/** What of a webhook can never work, or never match, although it may be saved: told in the answer that saves it. */
import { databaseOf } from '../../store/database.ts';
import { countEventTypes } from '../../store/event/event-type.ts';
import type { WebhookRow } from '../../store/webhook/webhook.ts';
import { explainUnmatched, isUnknownType } from '../../webhook/filter/event-type/unmatched.ts';
import { toDispatchWebhook } from '../../webhook/webhook.ts';
import type { WebhookFilter } from '../../webhook/webhook.ts';
import type { ApiOptions } from '../context.ts';
import type { Caller } from '../http/authenticate.ts';

/** @returns sentences for people; empty when nothing is conspicuous. */
export async function warnOfWebhook(
  options: ApiOptions,
  caller: Caller,
  webhook: WebhookRow,
): Promise<readonly string[]> {
  const { id, filters } = webhook;
  const blocked = await options.judgeUrl(toDispatchWebhook(webhook, { id, secrets: [] }));
  return [
    ...(blocked === undefined
      ? []
      : [`No delivery will get to ${webhook.payloadUrl}: ${blocked}.`]),
    ...(await warnOfFilters(options, caller, { webhook, filters })),
  ];
}

/** @param filters those that are new. */
export async function warnOfFilters(
  { store }: Pick<ApiOptions, 'store'>,
  { visibility }: Pick<Caller, 'visibility'>,
  {
    webhook,
    filters,
  }: {
    readonly webhook: Pick<WebhookRow, 'categories'>;
    readonly filters: readonly WebhookFilter[];
  },
): Promise<readonly string[]> {
  // Only a filter that nothing known matches is worth the look at what was seen.
  const seen = filters.some(isUnknownType)
    ? (await countEventTypes(databaseOf(store), visibility)).map(({ type }) => type)
    : [];
  return filters.flatMap(filter => explainUnmatched(filter, webhook.categories, seen) ?? []);
}
