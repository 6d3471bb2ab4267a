/** What reading one batch finds missing in the directory. */
import type { Envelope } from '../event/envelope.ts';
import type { WantedAccount } from './provider.ts';

export interface Misses {
  /** A message is going to be read, perhaps once more: what it missed the last time counts no longer. */
  begin(message: object): void;
  /** An event of the message begun last. @param owner its account in the directory. */
  see(envelope: Envelope, owner: string | undefined): void;
  /** The accounts of events that reach Global webhooks only: once for each event. */
  unknown(): readonly WantedAccount[];
}

export function createMisses(): Misses {
  const missed = new Map<object, WantedAccount[]>();
  let current: object | undefined;
  return {
    begin(message) {
      current = message;
      missed.delete(message);
    },
    see({ account: accountId, project: projectId }, owner) {
      if (owner !== undefined || accountId === undefined || !current) return;
      const wanted = { accountId, ...(projectId !== undefined && { projectId }) };
      const before = missed.get(current);
      if (before) before.push(wanted);
      else missed.set(current, [wanted]);
    },
    unknown: () => [...missed.values()].flat(),
  };
}
