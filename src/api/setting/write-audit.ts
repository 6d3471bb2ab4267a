/** Leaves a row in the audit for a change that a request makes, in the transaction of the change. */
import { withoutSecrets } from '../../access/secret/redact.ts';
import { insertAudit } from '../../store/audit.ts';
import type { Change } from '../../store/audit.ts';
import type { Database } from '../../store/database.ts';
import type { Caller } from '../http/authenticate.ts';

export async function writeAudit(
  database: Database,
  { principal, address }: Pick<Caller, 'principal' | 'address'>,
  { before, after, ...change }: Change,
): Promise<void> {
  await insertAudit(
    database,
    { username: principal.username, address },
    {
      ...change,
      ...(before && { before: withoutSecrets(before) }),
      ...(after && { after: withoutSecrets(after) }),
    },
  );
}
