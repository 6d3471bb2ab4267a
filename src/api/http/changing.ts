/** Changes and their rows in the audit: neither is ever there without the other. */
import { withoutSecrets } from '../../access/secret/redact.ts';
import { insertAudit } from '../../store/audit.ts';
import type { Change } from '../../store/audit.ts';
import { inTransaction } from '../../store/database.ts';
import type { Database, Store } from '../../store/database.ts';
import type { Caller } from './authenticate.ts';

/**
 * Makes a change that somebody asked for, and writes it to the audit, in one transaction. When `work` throws, nothing
 * was changed.
 *
 * @param action such as `webhook.updated`.
 * @param work makes the change. What it resolves with is written to the audit, without secrets, and returned: the object,
 *   whose it is, how it was and is; besides, whatever the caller wants to know.
 */
export async function changing<Made extends Omit<Change, 'action'>>(
  store: Store,
  { principal, address }: Pick<Caller, 'principal' | 'address'>,
  action: string,
  work: (database: Database) => Promise<Made>,
): Promise<Made> {
  return inTransaction(store, async database => {
    const made = await work(database);
    const { objectId, accountId, domainId, before, after } = made;
    await insertAudit(
      database,
      { username: principal.username, address },
      {
        action,
        objectId,
        accountId,
        domainId,
        before: before && withoutSecrets(before),
        after: after && withoutSecrets(after),
      },
    );
    return made;
  });
}
