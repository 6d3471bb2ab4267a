/** Writes webhooks' secrets: one is current, those it replaced may be valid for a while. All of them are sealed. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import { lockWebhook } from './webhook.ts';

/** Secrets of one webhook at a time: each is a signature in a header of every delivery. */
export const secretsMax = 4;

/**
 * Makes this the webhook's only secret. To be called in a transaction.
 *
 * @param sealed the secret as `seal` returned it; null leaves the webhook without one.
 */
export async function replaceSecret(
  database: Database,
  webhookId: string,
  sealed: Buffer | null,
): Promise<void> {
  await lockWebhook(database, webhookId);
  await database.deleteFrom('webhook_secret').where('webhookId', '=', webhookId).execute();
  if (sealed !== null) await insertCurrent(database, webhookId, sealed);
}

/**
 * The webhook signs with this one first; those before it stay valid, the one that was current until `overlapMs` have
 * passed. If that makes more than `secretsMax`, the oldest go. To be called in a transaction.
 */
export async function rotateSecret(
  database: Database,
  webhookId: string,
  sealed: Buffer,
  overlapMs: number,
): Promise<void> {
  await lockWebhook(database, webhookId);
  await database
    .updateTable('webhook_secret')
    .set({ expiresAt: sql<string>`now() + ${overlapMs} * interval '1 ms'` })
    .where('webhookId', '=', webhookId)
    .where('expiresAt', 'is', null)
    .execute();
  await sql`delete from webhook_secret where webhook_id = ${webhookId} and (expires_at <= now() or id in (
    select id from webhook_secret where webhook_id = ${webhookId}
    order by created desc, id offset ${secretsMax - 1}))`.execute(database);
  await insertCurrent(database, webhookId, sealed);
}

/** The instant until which a replaced secret is valid; null when the current one signs alone. */
export async function replacedUntil(database: Database, webhookId: string): Promise<string | null> {
  const { until } = await database
    .selectFrom('webhook_secret')
    .select(eb => eb.fn.max('expiresAt').as('until'))
    .where('webhookId', '=', webhookId)
    .where('expiresAt', '>', sql<string>`now()`)
    .executeTakeFirstOrThrow();
  return until;
}

async function insertCurrent(database: Database, webhookId: string, sealed: Buffer): Promise<void> {
  // clock_timestamp, because two rotations may be one transaction, and the newest signs first.
  await database
    .insertInto('webhook_secret')
    .values({ webhookId, sealed, created: sql<string>`clock_timestamp()` })
    .execute();
}

/** @returns the number of secrets deleted. */
export async function dropExpiredSecrets(database: Database): Promise<number> {
  const { numDeletedRows } = await database
    .deleteFrom('webhook_secret')
    .where('expiresAt', '<=', sql<string>`now()`)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
