/**
 * Which webhooks want an event: every enabled webhook lies under the one account or domain its scope names, so an event
 * asks only the few that lie on its own way up the tree.
 *
 * Source: apache/cloudstack, WebhookServiceImpl.getDeliveryJobs and WebhookDaoImpl.listByEnabledForDelivery. Unlike there,
 * an event without an account, or of one the directory does not know, reaches Global webhooks (design 2.2).
 */
import type { Envelope } from '../event/event.ts';
import type { Webhook } from '../event/webhook.ts';
import { compileConditions, refusalOf } from './conditions.ts';
import type { Conditions } from './conditions.ts';
import { explainWebhook } from './explain.ts';
import type { Explanation } from './explain.ts';
import { createTenants } from './tenants.ts';
import type { Tenants } from './tenants.ts';

/** Everything is in memory and synchronous; a change is seen by the next `match`. */
export interface MatchIndex extends Tenants {
  upsertWebhook(webhook: Webhook): void;
  /** Nothing happens when there is none. */
  removeWebhook(id: string): void;
  webhook(id: string): Webhook | undefined;
  /** False for an account whose events reach Global webhooks only, which an operator has to be told. */
  knowsAccount(id: string): boolean;
  /** The enabled webhooks that want it, each once, in no particular order. The array is the caller's. */
  match(envelope: Envelope): Webhook[];
  /**
   * Says of each webhook whether `match` answers with it, and if not why. It is lazy: stop early to bound it.
   *
   * @param webhooks those to speak of, such as one page of them; all in the index, disabled ones too, when left out.
   */
  explain(envelope: Envelope, webhooks?: Iterable<Webhook>): Iterable<Explanation>;
}

interface Entry {
  readonly webhook: Webhook;
  readonly conditions: Conditions;
}

/** Where the enabled webhooks of one scope lie: under an account's id, a domain's id, or all under one key. */
type Shelf = Map<string, Set<Entry>>;

const everywhere = '';

/** Empty. Filling it with 100,000 webhooks takes a fraction of a second, so a picture is replaced by building anew. */
export function createMatchIndex(): MatchIndex {
  const tenants = createTenants();
  const { domainOf, pathOf } = tenants;
  const entries = new Map<string, Entry>();
  const shelves = { Local: new Map(), Domain: new Map(), Global: new Map() } satisfies Record<
    Webhook['scope'],
    Shelf
  >;

  function removeWebhook(id: string): void {
    const entry = entries.get(id);
    if (entry === undefined) return;
    entries.delete(id);
    take(shelves[entry.webhook.scope], entry);
  }

  return {
    ...tenants,
    removeWebhook,
    upsertWebhook(webhook) {
      removeWebhook(webhook.id);
      const entry = { webhook, conditions: compileConditions(webhook) };
      entries.set(webhook.id, entry);
      if (webhook.state === 'Enabled') put(shelves[webhook.scope], entry);
    },
    webhook: id => entries.get(id)?.webhook,
    knowsAccount: id => domainOf(id) !== undefined,
    match(envelope) {
      const found: Webhook[] = [];
      collect(shelves.Global.get(everywhere), envelope, found);
      const { account } = envelope;
      const domain = account === undefined ? undefined : domainOf(account);
      if (account === undefined || domain === undefined) return found;
      collect(shelves.Local.get(account), envelope, found);
      for (const id of pathOf(domain)) collect(shelves.Domain.get(id), envelope, found);
      return found;
    },
    *explain(envelope, webhooks = webhooksOf(entries)) {
      const domain = envelope.account === undefined ? undefined : domainOf(envelope.account);
      const path = domain === undefined ? undefined : pathOf(domain);
      for (const webhook of webhooks) yield explainWebhook(webhook, envelope, path);
    },
  };
}

function* webhooksOf(entries: ReadonlyMap<string, Entry>): Iterable<Webhook> {
  for (const { webhook } of entries.values()) yield webhook;
}

function collect(entries: ReadonlySet<Entry> | undefined, envelope: Envelope, found: Webhook[]) {
  if (entries === undefined) return;
  for (const { webhook, conditions } of entries) {
    if (refusalOf(conditions, envelope) === undefined) found.push(webhook);
  }
}

function put(shelf: Shelf, entry: Entry): void {
  const key = placeOf(entry.webhook);
  const entries = shelf.get(key);
  if (entries === undefined) shelf.set(key, new Set([entry]));
  else entries.add(entry);
}

function take(shelf: Shelf, entry: Entry): void {
  const key = placeOf(entry.webhook);
  const entries = shelf.get(key);
  if (entries?.delete(entry) === true && entries.size === 0) shelf.delete(key);
}

function placeOf({ scope, accountId, domainId }: Webhook): string {
  if (scope === 'Local') return accountId;
  return scope === 'Domain' ? domainId : everywhere;
}
