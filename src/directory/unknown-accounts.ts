/** Accounts of events that the directory does not know: which a batch has, and how many events each has in all. */

import type { Envelope } from '../event/envelope.ts';
import type { Proven } from '../event/event.ts';
import type { Log } from '../event/log.ts';
import { delay } from '../event/wait.ts';
import { databaseOf, type Store } from '../store/database.ts';
import { addUnknown } from '../store/directory/unknown-account.ts';
import type { WantedAccount } from './provider.ts';

export interface UnknownAccounts {
  /** Counts one event of an unknown account. */
  count(account: WantedAccount): void;
  /** Adds the counts to the table every two seconds, until `signal` aborts, and once more then. */
  run(signal: AbortSignal): Promise<void>;
}

/** Maximum number of accounts counted one by one, in memory and in the table; the rest are in the metric only. */
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
      // The counts may be incomplete; the metric has all events.
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

/** Whom one batch names and the directory does not know. */
export interface Misses {
  /** Begins a message, and forgets what it missed if it was read before. */
  begin(message: object): void;
  /** Notes an event of the message begun last. @param owner the account that it names, in the directory. */
  see(envelope: Envelope, owner: string | undefined): void;
  /** Notes the user, if any, whom an event of the message begun last proves to concern. */
  seeUser(proven: Proven): void;
  /** Lists the unknown accounts, one entry for each event. Such events reach no Local webhook. */
  unknown(): readonly WantedAccount[];
  /** Lists the unknown users, who are no missing accounts: many a cloud's directory has none. */
  users(): readonly WantedAccount[];
}

export function createMisses(): Misses {
  const missed = new Map<object, { accounts: WantedAccount[]; users: WantedAccount[] }>();
  let current: object | undefined;
  const note = (kind: 'accounts' | 'users', wanted: WantedAccount): void => {
    if (!current) return;
    const found = missed.get(current) ?? { accounts: [], users: [] };
    found[kind].push(wanted);
    missed.set(current, found);
  };
  return {
    begin(message) {
      current = message;
      missed.delete(message);
    },
    see({ account: accountId, project: projectId }, owner) {
      if (owner === undefined && accountId !== undefined)
        note('accounts', { accountId, projectId });
    },
    seeUser({ provenUser: accountId }) {
      if (accountId !== undefined) note('users', { accountId });
    },
    unknown: () => [...missed.values()].flatMap(({ accounts }) => accounts),
    users: () => [...missed.values()].flatMap(({ users }) => users),
  };
}
