/** Writes webhooks. A change reaches every process by its notification. */
import { sql } from 'kysely';

import { onlyValues } from '../../webhook/values.ts';
import type { WebhookValues } from '../../webhook/values.ts';
import type { Database } from '../database.ts';

/** @returns false when another webhook of the owner has the payload URL. */
export async function insertWebhook(
  database: Database,
  id: string,
  webhook: WebhookValues,
): Promise<boolean> {
  const inserted = await database
    .insertInto('webhook')
    .values({ id, ...onlyValues(webhook) })
    .onConflict(conflict => conflict.columns(['accountId', 'payloadUrl']).doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}

/** Later than before, also when two changes fall into one millisecond: it tells two states of a webhook apart. */
const nextUpdated = sql<string>`greatest(now(), updated + interval '1 ms')`;

/**
 * Changes all but the owner.
 *
 * @returns false when another webhook of the owner has the payload URL.
 */
export async function updateWebhookRow(
  database: Database,
  id: string,
  webhook: WebhookValues,
): Promise<boolean> {
  const { accountId: _owner, ...values } = onlyValues(webhook);
  const updated = await database
    .updateTable('webhook as w')
    .set({ ...values, updated: nextUpdated })
    .where('w.id', '=', id)
    .where(eb =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('webhook as other')
            .select('other.id')
            .whereRef('other.accountId', '=', 'w.accountId')
            .where('other.payloadUrl', '=', webhook.payloadUrl)
            .whereRef('other.id', '<>', 'w.id'),
        ),
      ),
    )
    .returning('w.id')
    .executeTakeFirst();
  return updated !== undefined;
}

/** Marks the webhook as changed where the change is in another table. */
export async function touchWebhook(database: Database, id: string): Promise<void> {
  await database
    .updateTable('webhook')
    .set({ updated: nextUpdated })
    .where('id', '=', id)
    .execute();
}

export async function deleteWebhookRow(database: Database, id: string): Promise<void> {
  await database.deleteFrom('webhook').where('id', '=', id).execute();
}

/** Holds the webhook's row until the transaction ends, so that changes to it are made one after another. */
export async function lockWebhook(database: Database, id: string): Promise<void> {
  await database.selectFrom('webhook').select('id').where('id', '=', id).forUpdate().execute();
}

/** Disables a webhook whose receiver is gone, and says so in the audit. */
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
