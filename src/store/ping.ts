/** Whether the database answers. */
import { sql } from 'kysely';

import { databaseOf } from './database.ts';
import type { Store } from './database.ts';

export async function isReachable(store: Store): Promise<boolean> {
  try {
    await sql`select 1`.execute(databaseOf(store));
    return true;
  } catch {
    // Whatever the reason: the question is only whether.
    return false;
  }
}
