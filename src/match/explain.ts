/** Explains why a webhook gets an event or does not, to the person who expected otherwise. */
import { isAbout } from '../event/event.ts';
import type { Envelope } from '../event/envelope.ts';
import type { Proven } from '../event/event.ts';
import type { Webhook, WebhookFilter } from '../webhook/webhook.ts';
import type { FilterType } from '../webhook/words.ts';
import { compileConditions, facts, mismatchOf, unansweredIn } from './conditions.ts';
import type { EventTenant } from '../store/event/tenant.ts';
import type { Subject } from './subject.ts';

/** The rules by which a scope covers an event. */
export const coverages = [
  'global',
  'account',
  'account_domain',
  'user',
  'user_domain',
  'proven_domain',
] as const;
export type Coverage = (typeof coverages)[number];

export interface Explanation {
  readonly webhook: Webhook;
  readonly matched: boolean;
  /** The rule by which its scope covers the event; absent when it does not, or the webhook gets no events at all. */
  readonly coveredBy?: Coverage;
  /** The first condition that failed, in this order; absent when it matches. */
  readonly reason?: 'state' | 'scope' | 'category' | 'filter';
  /** A sentence: `excluded by the filter Prefix "VM."`; for a webhook that matches, the rule. */
  readonly detail: string;
  /** Expressions that have no answer for this event, which counts as no match; each a sentence. */
  readonly unanswered?: readonly string[];
}

/** An event, and whom it concerns. */
export interface ExplainedEvent {
  readonly subject: Subject;
  readonly proven: Proven;
  readonly tenant: EventTenant;
}

export function explainWebhook(webhook: Webhook, event: ExplainedEvent): Explanation {
  const { subject } = event;
  const refused = (reason: 'state' | 'scope', detail: string): Explanation => ({
    webhook,
    matched: false,
    reason,
    detail,
  });
  if (webhook.ownerGone) {
    return refused('state', `its owner, account ${webhook.accountId}, is gone from the cloud`);
  }
  if (webhook.state === 'Disabled') return refused('state', 'the webhook is Disabled');
  const covered = explainScope(webhook, event);
  if (covered.by === undefined) return refused('scope', covered.detail);
  if (isAbout(subject.envelope, webhook.id)) return refused('scope', 'the event is about it');
  const detail =
    webhook.state === 'Paused'
      ? `${covered.detail}; the webhook is Paused, so that the delivery waits`
      : covered.detail;
  return { webhook, coveredBy: covered.by, detail, ...explainConditions(webhook, subject) };
}

/** Explains a webhook that matches by itself, and was not reached because expressions before it had cost too much. */
export function explainAllowance(explanation: Explanation): Explanation {
  const detail =
    'expressions of its account, or of all accounts, had used up the steps that they may take together on one event before its own were asked';
  return { ...explanation, matched: false, reason: 'filter', detail };
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

interface ScopeExplained {
  /** Undefined when the scope does not cover the event. */
  readonly by: Coverage | undefined;
  readonly detail: string;
}

function explainScope(webhook: Webhook, { subject, proven, tenant }: ExplainedEvent) {
  if (webhook.scope === 'Global')
    return { by: 'global', detail: 'Global covers every event' } as const;
  if (tenant.by === 'nobody')
    return { by: undefined, detail: unknownTenant(subject.envelope, proven) };
  return webhook.scope === 'Domain'
    ? explainDomainScope(webhook, tenant)
    : explainLocalScope(webhook, tenant);
}

type KnownTenant = Exclude<EventTenant, { readonly by: 'nobody' }>;

function explainDomainScope({ domainId }: Webhook, tenant: KnownTenant): ScopeExplained {
  const { by, whom } = inDomain(tenant);
  return {
    by: tenant.path.includes(domainId) ? by : undefined,
    detail: `Domain covers domain ${domainId} and below; the event ${whom}`,
  };
}

function inDomain(tenant: KnownTenant): { readonly by: Coverage; readonly whom: string } {
  const [domain] = tenant.path;
  switch (tenant.by) {
    case 'account':
      return { by: 'account_domain', whom: `belongs to domain ${domain}` };
    case 'user':
      return { by: 'user_domain', whom: `concerns user ${tenant.owner} of domain ${domain}` };
    case 'domain':
      return { by: 'proven_domain', whom: `concerns domain ${domain}, as its message proves` };
  }
}

function explainLocalScope({ accountId }: Webhook, tenant: KnownTenant): ScopeExplained {
  const covers = `Local covers account ${accountId}; the event`;
  if (tenant.by === 'domain') {
    return { by: undefined, detail: `${covers} concerns domain ${tenant.path[0]}, and no account` };
  }
  const { by, owner } = tenant;
  return {
    by: owner === accountId ? by : undefined,
    detail: `${covers} ${by === 'user' ? 'concerns user' : 'belongs to account'} ${owner}`,
  };
}

/** Why the directory knows nobody whom the event concerns. */
function unknownTenant({ account, domain }: Envelope, proven: Proven): string {
  const named = Object.entries({
    account,
    user: proven.provenUser,
    domain: proven.provenDomain,
  }).flatMap(([kind, id]) => (id === undefined ? [] : [`${kind} ${id}`]));
  if (named.length > 0) {
    const are = named.length === 1 ? 'is' : 'are';
    return `${named.join(' and ')} ${are} not in the directory, so only Global webhooks get its events`;
  }
  const unproven =
    domain === undefined ? '' : `, and nothing proves that it concerns domain ${domain}`;
  return `the event names no account${unproven}, so only Global webhooks get it`;
}

function written({ type = 'EventType', matchType, value }: WebhookFilter): string {
  if (type === 'EventType') return `${matchType} "${value}"`;
  return type === 'Expression' ? `Expression ${value}` : `${type} ${matchType} "${value}"`;
}
