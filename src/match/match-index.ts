/**
 * Finds the webhooks that want an event. Every webhook that is not disabled lies under the one account or domain that its scope
 * names, so an event is compared only with the few that lie on its own way up the tree.
 *
 * Source: apache/cloudstack, WebhookServiceImpl.getDeliveryJobs and WebhookDaoImpl.listByEnabledForDelivery. Unlike
 * there, an event without an account, or of one the directory does not know, reaches Global webhooks (design 2.2).
 */
import type { Envelope } from '../event/envelope.ts';
import type { Concern, Event, Proven } from '../event/event.ts';
import { isAbout } from '../event/event.ts';
import type { EventTenant } from '../store/event/tenant.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { compileConditions, mismatchOf } from './conditions.ts';
import type { WebhookConditions } from './conditions.ts';
import { explainAllowance, explainWebhook } from './explain.ts';
import type { Explanation } from './explain.ts';
import { Subject } from './subject.ts';
import { createTenants } from './tenants.ts';
import type { Tenants } from './tenants.ts';
import { accountOwning, isCovered, tenantOf, withDomain } from './whom.ts';

/** The index is in memory and synchronous; a change is seen by the next `match`. */
export interface MatchIndex extends Omit<Tenants, 'accountOf'> {
  upsertWebhook(webhook: Webhook): void;
  /** Removes a webhook. Nothing happens when there is none. */
  removeWebhook(id: string): void;
  webhook(id: string): Webhook | undefined;
  /** Whether there is an account of this id or alias. */
  knowsAccount(id: string): boolean;
  /**
   * The account in the directory that the event names, else, for CloudStack's events, the project it names. Undefined
   * when there is none, which the operator is told unless it names no account.
   */
  ownerOf(envelope: Envelope): string | undefined;
  /** Whom the event concerns: which Local and Domain webhooks cover it. */
  tenantOf(envelope: Envelope, proven: Proven): EventTenant;
  /**
   * Whether the webhook's scope covers the event, whatever else it wants; undefined when the index knows nobody whom the event
   * concerns, as may be for a moment when another process has just learned of an account.
   */
  covers(webhook: Webhook, concern: Concern): boolean | undefined;
  /** Adds the domain of whom the event concerns, as the directory has it, where its message names none. */
  withDomain(envelope: Envelope, proven: Proven): Envelope;
  /**
   * Finds the webhooks that want the event, enabled or paused, each once, in no particular order. The array is the caller's.
   *
   * @param body as it is recorded; expressions know it as `original`.
   * @param proven whom it concerns where no account owns it.
   */
  match(envelope: Envelope, body?: string, proven?: Proven): Webhook[];
  /**
   * Explains for each webhook whether `match` answers with it, and if not why. It is lazy: stop early to bound it.
   *
   * @param webhooks the ones to explain, such as one page of them; by default all in the index, disabled ones too.
   */
  explain(event: Explainable, webhooks?: Iterable<Webhook>): Iterable<Explanation>;
}

/** An event as it was recorded. */
export type Explainable = Omit<Event, 'id'>;

interface IndexEntry {
  readonly webhook: Webhook;
  readonly conditions: WebhookConditions;
}

/** The webhooks of one scope that get events by key: an account's id, a domain's id, or one key for all. */
type Bucket = Map<string, Set<IndexEntry>>;

const everywhere = '';

/**
 * Creates an empty index. Filling it with 100,000 webhooks takes a fraction of a second, so instead of being updated in
 * doubt it is built anew.
 */
export function createMatchIndex(): MatchIndex {
  const tenants = createTenants();
  const entries = new Map<string, IndexEntry>();
  const buckets = { Local: new Map(), Domain: new Map(), Global: new Map() } satisfies Record<
    Webhook['scope'],
    Bucket
  >;

  function removeWebhook(id: string): void {
    const entry = entries.get(id);
    if (entry === undefined) return;
    entries.delete(id);
    removeFrom(buckets[entry.webhook.scope], entry);
  }

  function match(envelope: Envelope, body?: string, proven: Proven = {}): Webhook[] {
    const found: Webhook[] = [];
    const subject = new Subject(envelope, body);
    collect(buckets.Global.get(everywhere), subject, found);
    const tenant = tenantOf(envelope, proven, tenants);
    if (tenant.by === 'nobody') return found;
    // Expressions share what they may cost on one event: who is nearer to the root domain comes first.
    for (const id of tenant.path.toReversed()) collect(buckets.Domain.get(id), subject, found);
    if (tenant.by !== 'domain') collect(buckets.Local.get(tenant.owner), subject, found);
    return found;
  }

  const { accountOf, ...told } = tenants;
  return {
    ...told,
    removeWebhook,
    ownerOf: envelope => accountOwning(envelope, tenants),
    tenantOf: (envelope, proven) => tenantOf(envelope, proven, tenants),
    covers: (webhook, concern) => isCovered(webhook, tenantOf(concern, concern, tenants)),
    withDomain: (envelope, proven) => withDomain(envelope, tenantOf(envelope, proven, tenants)),
    upsertWebhook(webhook) {
      removeWebhook(webhook.id);
      const entry = { webhook, conditions: compileConditions(webhook) };
      entries.set(webhook.id, entry);
      if (webhook.state !== 'Disabled') addTo(buckets[webhook.scope], entry);
    },
    webhook: id => entries.get(id)?.webhook,
    knowsAccount: id => accountOf(id) !== undefined,
    match,
    *explain({ envelope, body, ...proven }, webhooks = webhooksOf(entries)) {
      const tenant = tenantOf(envelope, proven, tenants);
      const event = { subject: new Subject(envelope, body), proven, tenant };
      let found: ReadonlySet<Webhook> | undefined;
      for (const webhook of webhooks) {
        const explanation = explainWebhook(webhook, event);
        const isAsked = entries.get(webhook.id)?.webhook === webhook;
        if (!explanation.matched || !hasExpression(webhook) || !isAsked) yield explanation;
        else {
          // Explained, each expression may cost all it likes.
          found ??= new Set(match(envelope, body, proven));
          yield found.has(webhook) ? explanation : explainAllowance(explanation);
        }
      }
    },
  };
}

function hasExpression({ filters }: Webhook): boolean {
  return filters.some(({ type }) => type === 'Expression');
}

function* webhooksOf(entries: ReadonlyMap<string, IndexEntry>): Iterable<Webhook> {
  for (const { webhook } of entries.values()) yield webhook;
}

function collect(entries: ReadonlySet<IndexEntry> | undefined, subject: Subject, found: Webhook[]) {
  if (entries === undefined) return;
  for (const { webhook, conditions } of entries) {
    if (mismatchOf(conditions, subject) !== undefined) continue;
    if (!isAbout(subject.envelope, webhook.id)) found.push(webhook);
  }
}

function addTo(bucket: Bucket, entry: IndexEntry): void {
  const key = keyOf(entry.webhook);
  const entries = bucket.get(key);
  if (entries === undefined) bucket.set(key, new Set([entry]));
  else entries.add(entry);
}

function removeFrom(bucket: Bucket, entry: IndexEntry): void {
  const key = keyOf(entry.webhook);
  const entries = bucket.get(key);
  if (entries?.delete(entry) === true && entries.size === 0) bucket.delete(key);
}

function keyOf({ scope, accountId, domainId }: Webhook): string {
  if (scope === 'Local') return accountId;
  return scope === 'Domain' ? domainId : everywhere;
}
