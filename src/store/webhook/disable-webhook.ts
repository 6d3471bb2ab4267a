import { sql } from 'kysely';

import type { Database } from '../database.ts';

/** Disables a webhook whose receiver is gone. The change reaches every process by its notification. */
export async function disableWebhook(
  database: Database,
  id: string,
  reason: string,
): Promise<void> {
  await sql`with disabled as (
      update webhook set state = 'Disabled', updated = now()
      where id = ${id} and state = 'Enabled' returning id, account_id, domain_id)
    insert into audit (action, object_id, account_id, domain_id, before, after)
    select 'webhook.disabled', id, account_id, domain_id, '{"state":"Enabled"}',
      jsonb_build_object('state', 'Disabled', 'reason', ${reason}::text) from disabled`.execute(
    database,
  );
}
