/** A database of its own beside a fake CloudStack, and syncs that run when a test says so. */
import { createCloudstackClient } from '../../src/directory/cloudstack/cloudstack-client.ts';
import { createCloudstackProvider } from '../../src/directory/cloudstack/cloudstack.ts';
import type { DirectoryProvider } from '../../src/directory/provider.ts';
import { syncWhenDue } from '../../src/directory/sync.ts';
import type { Log } from '../../src/event/log.ts';
import type { Applied } from '../../src/store/directory/apply-snapshot.ts';
import { databaseOf } from '../../src/store/database.ts';
import { findDirectoryStatus, requestSync } from '../../src/store/directory/sync-state.ts';
import type { DirectoryStatus } from '../../src/store/directory/sync-state.ts';
import { startCloudstack, type FakeCloudstack } from '../fixtures/cloudstack-server.ts';
import { openRecordHarness, type RecordHarness } from './record-harness.ts';

export interface DirectoryHarness extends RecordHarness {
  readonly cloud: FakeCloudstack;
  readonly provider: DirectoryProvider;
  readonly logged: { readonly event: string; readonly facts: object }[];
  readonly log: Log;
  /** Syncs at once. Undefined when it failed. */
  sync(wanted?: { acceptRemovals?: boolean; adoptLocal?: boolean }): Promise<Applied | undefined>;
  status(): Promise<DirectoryStatus>;
}

export async function openDirectoryHarness(): Promise<DirectoryHarness> {
  const harness = await openRecordHarness();
  const cloud = await startCloudstack();
  const client = createCloudstackClient({
    url: cloud.url,
    ...cloud.keys,
    timeoutMs: 2_000,
    pageSize: 500,
    now: Date.now,
  });
  const provider = createCloudstackProvider(client);
  const logged: DirectoryHarness['logged'] = [];
  const note = (facts: object, event: string): void => void logged.push({ event, facts });
  const log = { debug: note, info: note, warn: note, error: note };
  const { store } = harness;
  const database = databaseOf(store);
  return {
    ...harness,
    cloud,
    provider,
    logged,
    log,
    async sync({ acceptRemovals = false, adoptLocal = false } = {}) {
      await requestSync(database, { acceptRemovals, adoptLocal });
      const { signal } = new AbortController();
      return syncWhenDue({ store, provider, refreshMs: 300_000, log }, signal);
    },
    async status() {
      const status = await findDirectoryStatus(database);
      if (!status) throw new RangeError('there was a sync');
      return status;
    },
    [Symbol.asyncDispose]: async () => {
      await cloud[Symbol.asyncDispose]();
      await harness[Symbol.asyncDispose]();
    },
  };
}

export const domainRow = (id: string, parentdomainid?: string, name = id) => ({
  id,
  name,
  ...(parentdomainid !== undefined && { parentdomainid }),
});
export const accountRow = (id: string, domainid: string, name = id) => ({ id, name, domainid });

/** ROOT ─ emea ─ berlin (anna, ben); ROOT ─ apac (chi, project p); admin in ROOT. */
export function fillCloud({ tables }: FakeCloudstack): void {
  tables.domain = [
    domainRow('root', undefined, 'ROOT'),
    domainRow('berlin', 'emea'),
    domainRow('emea', 'root'),
    domainRow('apac', 'root'),
  ];
  tables.account = [
    accountRow('admin', 'root'),
    accountRow('anna', 'berlin'),
    accountRow('ben', 'berlin'),
    accountRow('chi', 'apac'),
  ];
  tables.project = [accountRow('p', 'apac', 'the project')];
}
