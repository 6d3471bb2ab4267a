/** Numbers of webhooks, for limits and for `hookline doctor`. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';

export async function countWebhooks(database: Database, accountId: string): Promise<number> {
  const { count } = await database
    .selectFrom('webhook')
    .where('accountId', '=', accountId)
    .select(eb => eb.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Counts the webhooks with a time limit of their own above `timeoutMs`. */
export async function countLongTimeouts(database: Database, timeoutMs: number): Promise<number> {
  const { count } = await database
    .selectFrom('webhook')
    .where('timeoutMs', '>', timeoutMs)
    .select(sql<string>`count(*)`.as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
