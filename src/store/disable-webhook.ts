import { sql } from 'kysely';

import type { Database } from './open.ts';

/** Disables a webhook whose receiver is gone. The change reaches every process by its notification. */
export async function disableWebhook(database: Database, id: string): Promise<void> {
  await sql`update webhook set state = 'Disabled', updated = now()
    where id = ${id} and state = 'Enabled'`.execute(database);
}
