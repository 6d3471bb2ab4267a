/** Explains why a webhook gets an event or does not, to the person who expected otherwise. */
import { isAbout } from '../event/event.ts';
import type { Webhook, WebhookFilter } from '../webhook/webhook.ts';
import type { FilterType } from '../webhook/words.ts';
import { compileConditions, facts, mismatchOf, unansweredIn } from './conditions.ts';
import type { EventTenant } from '../store/event/tenant.ts';
import type { Subject } from './subject.ts';

export type Explanation = Explained & {
  /** Expressions that have no answer for this event, which counts as no match; each a sentence. */
  readonly unanswered?: readonly string[];
};

type Explained =
  | { readonly webhook: Webhook; readonly matched: true }
  | {
      readonly webhook: Webhook;
      readonly matched: false;
      /** The first condition that failed, in this order. */
      readonly reason: 'state' | 'scope' | 'category' | 'filter';
      /** A sentence: `excluded by the filter Prefix "VM."`. */
      readonly detail: string;
    };

export function explainWebhook(
  webhook: Webhook,
  subject: Subject,
  tenant: EventTenant,
): Explanation {
  const refused = (reason: 'state' | 'scope', detail: string) =>
    ({ webhook, matched: false, reason, detail }) as const;
  if (webhook.ownerGone) {
    return refused('state', `its owner, account ${webhook.accountId}, is gone from the cloud`);
  }
  if (webhook.state !== 'Enabled') return refused('state', `the webhook is ${webhook.state}`);
  const outside = outsideScope(webhook, subject.envelope.account, tenant);
  if (outside !== undefined) return refused('scope', outside);
  if (isAbout(subject.envelope, webhook.id)) return refused('scope', 'the event is about it');
  return { webhook, ...explainConditions(webhook, subject) };
}

export type ConditionsExplained =
  | { readonly matched: true; readonly unanswered?: readonly string[] }
  | {
      readonly matched: false;
      readonly reason: 'category' | 'filter';
      readonly detail: string;
      readonly unanswered?: readonly string[];
    };

/** Explains the webhook's categories and filters for an event, whoever owns it. */
export function explainConditions(
  webhook: Pick<Webhook, 'categories' | 'filters'>,
  subject: Subject,
): ConditionsExplained {
  const conditions = compileConditions(webhook);
  subject.allowAnew();
  const mismatch = mismatchOf(conditions, subject);
  subject.allowAnew();
  const unanswered = unansweredIn(conditions, subject).map(
    ({ filter, fault }) => `${written(filter)} has no answer: ${fault}`,
  );
  const also = unanswered.length > 0 ? { unanswered } : {};
  if (mismatch === undefined) return { matched: true, ...also };
  if (mismatch === 'category') {
    const wanted = webhook.categories.join(', ') || 'none';
    const detail = `its category is ${subject.envelope.category}; wanted: ${wanted}`;
    return { matched: false, reason: 'category', detail, ...also };
  }
  const detail = refusedByFilters(webhook.filters, mismatch, subject);
  return { matched: false, reason: 'filter', detail, ...also };
}

function refusedByFilters(
  filters: readonly WebhookFilter[],
  mismatch: FilterType | WebhookFilter,
  subject: Subject,
): string {
  if (typeof mismatch === 'object') {
    return `${subjectOf(mismatch.type, subject)} is excluded by the filter ${written(mismatch)}`;
  }
  const includes = filters.filter(
    ({ mode, type = 'EventType' }) => mode === 'Include' && type === mismatch,
  );
  const list = includes.map(written).join(', ');
  return `${subjectOf(mismatch, subject)} matches no Include filter: ${list}`;
}

/**
 * The subject of the sentence.
 *
 * @example 'VM.START', 'its status Completed', 'an event without entity', 'it'
 */
function subjectOf(type: WebhookFilter['type'] = 'EventType', subject: Subject): string {
  if (type === 'Expression') return 'it';
  const fact = facts[type](subject);
  if (type === 'EventType') return String(fact);
  return fact === undefined
    ? `an event without ${type.toLowerCase()}`
    : `its ${type.toLowerCase()} ${fact}`;
}

function outsideScope(
  { scope, accountId, domainId }: Webhook,
  account: string | undefined,
  tenant: EventTenant,
): string | undefined {
  if (scope === 'Global') return undefined;
  if (tenant.by === 'nobody') {
    if (account === undefined) return 'the event names no account, so only Global webhooks get it';
    return `account ${account} is not in the directory, so only Global webhooks get its events`;
  }
  if (scope === 'Domain') {
    return tenant.path.includes(domainId)
      ? undefined
      : `Domain covers domain ${domainId} and below; the event belongs to domain ${tenant.path[0]}`;
  }
  if (tenant.by === 'domain') {
    return `Local covers account ${accountId}; the event belongs to domain ${tenant.path[0]} and to no account`;
  }
  return accountId === tenant.owner
    ? undefined
    : `Local covers account ${accountId}; the event belongs to account ${tenant.owner}`;
}

function written({ type = 'EventType', matchType, value }: WebhookFilter): string {
  if (type === 'EventType') return `${matchType} "${value}"`;
  return type === 'Expression' ? `Expression ${value}` : `${type} ${matchType} "${value}"`;
}
