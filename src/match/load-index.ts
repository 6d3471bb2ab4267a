/** Loads the match index from the tables: all rows, or those that have changed. */
import type { Store } from '../store/database.ts';
import { loadAccounts, loadAccountsById, loadDomains } from '../store/directory/load.ts';
import type { LoggedChange } from '../store/change-log.ts';
import { loadWebhooks, loadWebhooksById } from '../store/webhook/load.ts';
import { createMatchIndex, type MatchIndex } from './match-index.ts';

export async function loadIndex(store: Store): Promise<MatchIndex> {
  const index = createMatchIndex();
  for (const domain of await loadDomains(store)) index.setDomain(domain);
  for await (const page of loadAccounts(store)) {
    for (const account of page) index.setAccount(account);
  }
  for await (const page of loadWebhooks(store)) {
    for (const webhook of page) index.upsertWebhook(webhook);
  }
  return index;
}

/** Brings changed rows to the index; those that are no longer there are removed from it. */
export async function updateIndex(
  store: Store,
  index: MatchIndex,
  changes: readonly LoggedChange[],
): Promise<void> {
  const idsOf = (kind: LoggedChange['kind']): readonly string[] => [
    ...new Set(changes.filter(change => change.kind === kind).map(({ key }) => key)),
  ];
  const domainIds = idsOf('domain');
  if (domainIds.length > 0) {
    const found = await loadDomains(store, domainIds);
    for (const domain of found) index.setDomain(domain);
    for (const id of missing(domainIds, found)) index.removeDomain(id);
  }
  const accountIds = idsOf('account');
  if (accountIds.length > 0) {
    const found = await loadAccountsById(store, accountIds);
    for (const account of found) index.setAccount(account);
    for (const id of missing(accountIds, found)) index.removeAccount(id);
  }
  const webhookIds = idsOf('webhook');
  if (webhookIds.length > 0) {
    const found = await loadWebhooksById(store, webhookIds);
    for (const webhook of found) index.upsertWebhook(webhook);
    for (const id of missing(webhookIds, found)) index.removeWebhook(id);
  }
}

function missing(ids: readonly string[], found: readonly { id: string }[]): readonly string[] {
  const present = new Set(found.map(({ id }) => id));
  return ids.filter(id => !present.has(id));
}
