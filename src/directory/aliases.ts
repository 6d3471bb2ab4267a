/**
 * Learns which account belongs to a CloudStack project. ActionEvents name both; others, such as UsageEvents, name the
 * account only, and no API says which project it belongs to.
 */
import type { Envelope } from '../event/envelope.ts';
import type { Log } from '../event/log.ts';
import type { Database } from '../store/database.ts';
import { setAlias } from '../store/directory/account.ts';

export interface Aliases {
  /** Learns from an event, given the directory's account that owns it. Writing happens in the background. */
  see(
    envelope: Envelope,
    directory: { owner: string | undefined; isKnown: (accountId: string) => boolean },
  ): void;
}

/** Maximum number of pairs remembered as tried; then all are forgotten, and may be tried again. */
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
