/**
 * Learns which account stands behind a CloudStack project. Its ActionEvents name both; others, such as UsageEvents,
 * name that account alone, and no API tells whose it is.
 */
import type { Envelope } from '../event/envelope.ts';
import type { Log } from '../event/log.ts';
import type { Database } from '../store/database.ts';
import { setAlias } from '../store/directory/write-account.ts';

export interface Aliases {
  /** An event, and the account of the directory it belongs to. Whatever is to be written is written by and by. */
  see(
    envelope: Envelope,
    directory: { owner: string | undefined; isKnown: (accountId: string) => boolean },
  ): void;
}

/** Pairs tried; beyond it they are forgotten and may be tried again. */
const pairsMax = 10_000;

export function createAliases({ database, log }: { database: () => Database; log: Log }): Aliases {
  const tried = new Set<string>();

  const learn = async (pair: string, projectId: string, accountId: string): Promise<void> => {
    try {
      const learned = await setAlias(database(), { projectId, accountId });
      if (learned) log.info({ project: projectId, account: accountId }, 'project_account.learned');
    } catch (error) {
      tried.delete(pair);
      log.debug({ err: error, project: projectId }, 'project_account.not_learned');
    }
  };

  return {
    see({ account, project }, { owner, isKnown }) {
      if (account === undefined || owner === undefined || owner !== project) return;
      const pair = `${project} ${account}`;
      if (account === project || tried.has(pair) || isKnown(account)) return;
      if (tried.size >= pairsMax) tried.clear();
      tried.add(pair);
      void learn(pair, project, account);
    },
  };
}
