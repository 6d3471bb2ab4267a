/** Webhooks' secrets: one is current, those it replaced may be valid for a while, sealed all of them. */
import { sql } from 'kysely';

import { instant } from '../sql/instant.ts';
import type { Database } from '../database.ts';
import { lockWebhook } from './query-webhook.ts';

/** Each is a signature in a header of every delivery. */
export const secretsMax = 4;

/**
 * The webhook signs with this one alone from now on. To be called in a transaction.
 *
 * @param sealed what `seal` made of the secret; null: it signs no more.
 */
export async function replaceSecret(
  database: Database,
  webhookId: string,
  sealed: Buffer | null,
): Promise<void> {
  await lockWebhook(database, webhookId);
  await sql`delete from webhook_secret where webhook_id = ${webhookId}`.execute(database);
  if (sealed !== null) await insertCurrent(database, webhookId, sealed);
}

/**
 * The webhook signs with this one first; those before it stay valid, the one that was current until `overlapMs` have
 * passed. Of more than `secretsMax` the oldest go. To be called in a transaction.
 */
export async function rotateSecret(
  database: Database,
  webhookId: string,
  sealed: Buffer,
  overlapMs: number,
): Promise<void> {
  await lockWebhook(database, webhookId);
  await sql`update webhook_secret set expires_at = now() + ${overlapMs} * interval '1 ms'
    where webhook_id = ${webhookId} and expires_at is null`.execute(database);
  await sql`delete from webhook_secret where webhook_id = ${webhookId} and (expires_at <= now() or id in (
    select id from webhook_secret where webhook_id = ${webhookId}
    order by created desc, id offset ${secretsMax - 1}))`.execute(database);
  await insertCurrent(database, webhookId, sealed);
}

/** Until when a secret that was replaced is valid, RFC 3339; null when the current one signs alone. */
export async function replacedUntil(database: Database, webhookId: string): Promise<string | null> {
  const { rows } = await sql<{ until: string | null }>`
    select ${instant('s.until')} as until from (select max(expires_at) as until from webhook_secret
      where webhook_id = ${webhookId} and expires_at > now()) s`.execute(database);
  return rows[0]?.until ?? null;
}

async function insertCurrent(database: Database, webhookId: string, sealed: Buffer): Promise<void> {
  // clock_timestamp, because two rotations may be one transaction, and the newest signs first.
  await sql`insert into webhook_secret (webhook_id, sealed, created)
    values (${webhookId}, ${sealed}, clock_timestamp())`.execute(database);
}

/** @returns how many there were. */
export async function dropExpiredSecrets(database: Database): Promise<number> {
  const { numAffectedRows } =
    await sql`delete from webhook_secret where expires_at <= now()`.execute(database);
  return Number(numAffectedRows ?? 0);
}
