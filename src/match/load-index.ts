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

/** Rows of one kind that are read at a time: one statement in plain SQL may have changed all there are. */
const pageSize = 500;

/** Brings changed rows to the index; those that are no longer there are removed from it. */
export async function updateIndex(
  store: Store,
  index: MatchIndex,
  changes: readonly LoggedChange[],
): Promise<void> {
  const pagesOf = (kind: LoggedChange['kind']) =>
    pagesIn([...new Set(changes.filter(change => change.kind === kind).map(({ key }) => key))]);
  for (const ids of pagesOf('domain')) {
    const found = await loadDomains(store, ids);
    for (const domain of found) index.setDomain(domain);
    for (const id of missing(ids, found)) index.removeDomain(id);
  }
  for (const ids of pagesOf('account')) {
    const found = await loadAccountsById(store, ids);
    for (const account of found) index.setAccount(account);
    for (const id of missing(ids, found)) index.removeAccount(id);
  }
  for (const ids of pagesOf('webhook')) {
    const found = await loadWebhooksById(store, ids);
    for (const webhook of found) index.upsertWebhook(webhook);
    for (const id of missing(ids, found)) index.removeWebhook(id);
  }
}

function* pagesIn(ids: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < ids.length; at += pageSize) yield ids.slice(at, at + pageSize);
}

function missing(ids: readonly string[], found: readonly { id: string }[]): readonly string[] {
  const present = new Set(found.map(({ id }) => id));
  return ids.filter(id => !present.has(id));
}
