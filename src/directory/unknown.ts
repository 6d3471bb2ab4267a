/** Counts the events of accounts the directory does not know, and writes the counts down now and then. */

import type { Log } from '../event/log.ts';
import { delay } from '../event/wait.ts';
import { databaseOf, type Store } from '../store/database.ts';
import { addUnknown } from '../store/directory/query-unknown.ts';
import type { WantedAccount } from './provider.ts';

export interface UnknownAccounts {
  /** One event of an unknown account. */
  count(account: WantedAccount): void;
  /** Writes down what was counted until `signal` aborts, and once more then. */
  run(signal: AbortSignal): Promise<void>;
}

/** Accounts listed, in memory and in the table. Those beyond are in the metric alone. */
export const unknownAccountsMax = 500;
const flushMs = 2_000;

export function createUnknownAccounts({ store, log }: { store: Store; log: Log }): UnknownAccounts {
  let counted = new Map<string, { project: string | null; events: number }>();

  const flush = async (): Promise<void> => {
    if (counted.size === 0) return;
    const counts = [...counted].map(([id, facts]) => ({ id, ...facts }));
    counted = new Map();
    try {
      await addUnknown(databaseOf(store), counts, unknownAccountsMax);
    } catch (error) {
      // A count is no promise; the metric has counted them.
      log.debug({ err: error, accounts: counts.length }, 'unknown_accounts.not_written');
    }
  };

  return {
    count({ accountId, projectId }) {
      const known = counted.get(accountId);
      if (known) known.events += 1;
      else if (counted.size < unknownAccountsMax) {
        counted.set(accountId, { project: projectId ?? null, events: 1 });
      }
    },
    async run(signal) {
      while (!signal.aborted) {
        await delay(flushMs, signal);
        await flush();
      }
    },
  };
}
