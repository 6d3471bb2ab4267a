/**
 * Keeps the match index in step with the tables.
 *
 * A trigger names each changed row; the rows named within `gatherMs` are read and applied together. When notifications
 * may have been lost (the connection broke, a table was truncated), and every `resyncMs` regardless, a new index
 * is built beside the old one and takes its place. What changes while it is being built is applied after.
 */
import { setTimeout as wait } from 'node:timers/promises';

import type { Log } from './event/log.ts';
import { createMatchIndex, type MatchIndex } from './match/match-index.ts';
import { listenToChanges, type Change } from './store/changes.ts';
import {
  loadAccounts,
  loadAccountsById,
  loadDomains,
  loadWebhooks,
  loadWebhooksById,
} from './store/load.ts';
import type { Store } from './store/open.ts';

export interface MatchSync {
  /** The index of this moment. Do not keep it: it is replaced. */
  index(): MatchIndex;
  /** Follows the tables until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface MatchSyncOptions {
  readonly store: Store;
  readonly databaseUrl: string;
  readonly resyncMs: number;
  /** A delivery is due now (somebody asked for one). */
  readonly onDue: () => void;
  readonly log: Log;
}

const gatherMs = 20;
const reconnectMs = 1_000;

/** Builds the first index. @throws when the database cannot be read. */
export async function openMatchSync(options: MatchSyncOptions): Promise<MatchSync> {
  const { store, log } = options;
  let index = await buildIndex(store);
  let changed = new Set<string>();
  let stale = false;
  let wakeUp = new AbortController();

  function onChange(change: Change): void {
    if (change.kind === 'due') return options.onDue();
    if (change.kind === 'truncate') stale = true;
    else changed.add(`${change.kind}:${change.id}`);
    wakeUp.abort();
  }

  async function applyChanges(): Promise<void> {
    const rows = [...changed];
    changed = new Set();
    const idsOf = (kind: string) =>
      rows.filter(row => row.startsWith(`${kind}:`)).map(row => row.slice(kind.length + 1));
    try {
      await applyRows(store, index, idsOf);
    } catch (error) {
      for (const row of rows) changed.add(row);
      throw error;
    }
  }

  async function rebuild(): Promise<void> {
    stale = false;
    changed = new Set();
    index = await buildIndex(store);
  }

  async function listen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const listener = await listenToChanges(options.databaseUrl, onChange);
        const onAbort = (): void => void listener.close();
        signal.addEventListener('abort', onAbort, { once: true });
        // Whatever was said before we listened is unknown.
        onChange({ kind: 'truncate' });
        await listener.ended;
        signal.removeEventListener('abort', onAbort);
      } catch (error) {
        log.warn({ err: error }, 'changes.disconnected');
      }
      await wait(reconnectMs, undefined, { signal }).catch(() => {});
    }
  }

  async function follow(signal: AbortSignal): Promise<void> {
    let resyncAtMs = performance.now() + options.resyncMs;
    while (!signal.aborted) {
      const restMs = Math.max(0, resyncAtMs - performance.now());
      await wait(restMs, undefined, { signal: AbortSignal.any([signal, wakeUp.signal]) }).catch(
        () => {},
      );
      if (signal.aborted) return;
      await wait(gatherMs);
      wakeUp = new AbortController();
      try {
        if (stale || performance.now() >= resyncAtMs) {
          await rebuild();
          resyncAtMs = performance.now() + options.resyncMs;
        }
        if (changed.size > 0) await applyChanges();
      } catch (error) {
        stale = true;
        log.warn({ err: error }, 'match.sync_failed');
        await wait(reconnectMs, undefined, { signal }).catch(() => {});
        wakeUp.abort();
      }
    }
  }

  return {
    index: () => index,
    async run(signal) {
      await Promise.all([listen(signal), follow(signal)]);
    },
  };
}

async function buildIndex(store: Store): Promise<MatchIndex> {
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

/** Rows that are no longer there are removed. */
async function applyRows(
  store: Store,
  index: MatchIndex,
  idsOf: (kind: 'domain' | 'account' | 'webhook') => readonly string[],
): Promise<void> {
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
