/** Changes and their rows in the audit: neither is ever there without the other. */
import { withoutSecrets } from '../../access/secret/redact.ts';
import { insertAudit } from '../../store/audit.ts';
import type { Change } from '../../store/audit.ts';
import { inTransaction } from '../../store/database.ts';
import type { Database, Store } from '../../store/database.ts';
import type { Caller } from './authenticate.ts';

type Entry = Omit<Change, 'action'>;

/**
 * Makes a change that somebody asked for, and writes it to the audit, in one transaction. When `work` throws, nothing
 * was changed.
 *
 * @param action such as `webhook.updated`.
 * @param work makes the change. What it resolves with is written to the audit, without secrets, and returned: the object,
 *   whose it is, how it was and is; besides, whatever the caller wants to know. Undefined: there was nothing to change.
 */
export async function changing<Made extends Entry | undefined>(
  store: Store,
  { principal, address }: Caller,
  action: string,
  work: (database: Database) => Promise<Made>,
): Promise<Made> {
  return inTransaction(store, async database => {
    const made = await work(database);
    if (made) {
      const by = { username: principal.username, address };
      await insertAudit(database, by, { ...redacted(made), action });
    }
    return made;
  });
}

const redacted = ({ objectId, accountId, domainId, before, after }: Entry): Entry => ({
  objectId,
  accountId,
  domainId,
  before: before && withoutSecrets(before),
  after: after && withoutSecrets(after),
});
