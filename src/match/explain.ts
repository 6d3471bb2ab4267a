/** Why a webhook gets an event or does not, in words for the person who expected otherwise. */
import type { Envelope } from '../event/event.ts';
import type { Webhook, WebhookFilter } from '../event/webhook.ts';
import { compileConditions, refusalOf } from './conditions.ts';

export type Explanation =
  | { readonly webhook: Webhook; readonly matched: true }
  | {
      readonly webhook: Webhook;
      readonly matched: false;
      /** The first thing that stood in the way, in this order. */
      readonly reason: 'state' | 'scope' | 'category' | 'filter';
      /** A sentence: `excluded by the filter Prefix "VM."`. */
      readonly detail: string;
    };

/** Whose an event is, as the directory has it. */
export interface Tenant {
  /** An account's id; undefined when it is not known. */
  readonly owner: string | undefined;
  /** Its domain and all above it, nearest first. */
  readonly path: readonly string[] | undefined;
}

export function explainWebhook(webhook: Webhook, envelope: Envelope, tenant: Tenant): Explanation {
  const refused = (reason: 'state' | 'scope' | 'category' | 'filter', detail: string) =>
    ({ webhook, matched: false, reason, detail }) as const;
  if (webhook.ownerGone) {
    return refused('state', `its owner, account ${webhook.accountId}, is gone from the cloud`);
  }
  if (webhook.state !== 'Enabled') return refused('state', `the webhook is ${webhook.state}`);
  const outside = outsideScope(webhook, envelope.account, tenant);
  if (outside !== undefined) return refused('scope', outside);
  const refusal = refusalOf(compileConditions(webhook), envelope);
  if (refusal === undefined) return { webhook, matched: true };
  if (refusal === 'category') {
    const wanted = webhook.categories.join(', ') || 'none';
    return refused('category', `its category is ${envelope.category}; wanted: ${wanted}`);
  }
  if (refusal === 'noInclude') {
    const includes = webhook.filters.filter(({ mode }) => mode === 'Include').map(written);
    return refused('filter', `${envelope.event} matches no Include filter: ${includes.join(', ')}`);
  }
  return refused('filter', `${envelope.event} is excluded by the filter ${written(refusal)}`);
}

function outsideScope(
  { scope, accountId, domainId }: Webhook,
  account: string | undefined,
  { owner, path }: Tenant,
): string | undefined {
  if (scope === 'Global') return undefined;
  if (owner === undefined || path === undefined) {
    if (account === undefined) return 'the event names no account, so only Global webhooks get it';
    return `account ${account} is not in the directory, so only Global webhooks get its events`;
  }
  if (scope === 'Local') {
    return accountId === owner
      ? undefined
      : `Local covers account ${accountId}; the event is of account ${owner}`;
  }
  return path.includes(domainId)
    ? undefined
    : `Domain covers domain ${domainId} and below; the event is of domain ${path[0]}`;
}

function written({ matchType, value }: WebhookFilter): string {
  return `${matchType} "${value}"`;
}
