/** Writes every change with its row in the audit: neither exists without the other. */
import { withoutSecrets } from '../../access/secret/redact.ts';
import { insertAudit } from '../../store/audit.ts';
import type { Change } from '../../store/audit.ts';
import { inTransaction } from '../../store/database.ts';
import type { Database, Store } from '../../store/database.ts';
import type { Caller } from './authenticate.ts';

type Entry = Omit<Change, 'action'>;

/**
 * Makes a change that a caller asked for, and writes it to the audit, in one transaction. If `work` throws, nothing is
 * changed. It is in effect in this process before the function returns; other processes follow within a second.
 *
 * @param action such as `webhook.updated`.
 * @param work makes the change. Its result is written to the audit without secrets: the object, its owner, its state
 *   before and after. It is returned as well, with whatever else the caller needs. Undefined when nothing was changed.
 */
export async function changing<Changed extends Entry | undefined>(
  store: Store,
  { principal, address, catchUp }: Caller,
  action: string,
  work: (database: Database) => Promise<Changed>,
): Promise<Changed> {
  const changed = await inTransaction(store, async database => {
    const made = await work(database);
    if (made) {
      const by = { username: principal.username, address };
      await insertAudit(database, by, { ...redacted(made), action });
    }
    return made;
  });
  if (changed) await catchUp();
  return changed;
}

const redacted = ({ objectId, accountId, domainId, scope, before, after }: Entry): Entry => ({
  objectId,
  accountId,
  domainId,
  ...(scope && { scope }),
  before: before && withoutSecrets(before),
  after: after && withoutSecrets(after),
});
