/** Webhooks as people manage them, with their filters. A change reaches every process by its notification. */
import { sql } from 'kysely';

import { filterNames } from '../../webhook/filter/filter-fields.ts';
import { fieldNames, onlyValues } from '../../webhook/values.ts';
import type { Health } from '../../webhook/health.ts';
import type { WebhookValues } from '../../webhook/values.ts';
import type { Database } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import { instant } from '../sql/instant.ts';
import { webhookWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export type WebhookRow = WebhookValues &
  Pick<Row<'webhook'>, 'id' | 'created' | 'updated'> & {
    readonly hasSecret: boolean;
    readonly filters: readonly FilterRow[];
  };

export type FilterRow = Readonly<Omit<Row<'webhook_filter'>, 'webhookId'>>;

const searched = ['name', 'state', 'scope', 'accountId', 'domainId'] as const;

export interface WebhookQuery extends Partial<Pick<WebhookValues, (typeof searched)[number]>> {
  readonly limit: number;
  /** Id of the last webhook of the page before. */
  readonly cursor?: string;
  readonly health?: Health['state'];
  /** Stands in the name, the description or the payload URL, in either case. */
  readonly text?: string;
}

/** Lists webhooks in the order of their ids. */
export async function listWebhooks(
  database: Database,
  visibility: Visibility,
  { limit, cursor, health, text, ...wanted }: WebhookQuery,
): Promise<readonly WebhookRow[]> {
  let query = selectWebhooks(database).where(webhookWithin('w', visibility));
  if (cursor !== undefined) query = query.where('w.id', '>', cursor);
  for (const name of searched) {
    const value = wanted[name];
    if (value !== undefined) query = query.where(`w.${name}`, '=', value);
  }
  if (health !== undefined) query = query.where(sql<boolean>`${healthState} = ${health}`);
  if (text !== undefined)
    query = query.where(sql<boolean>`strpos(lower(${searchedText}), lower(${text})) > 0`);
  return query.orderBy('w.id').limit(limit).execute();
}

/** As `readHealth` tells it. */
const healthState = sql`case when w.state <> 'Enabled' then lower(w.state) else coalesce(
  (select h.state from webhook_health h where h.webhook_id = w.id), 'ok') end`;

/** A line break, which none of them has in a search, keeps a match from spanning two of them. */
const searchedText = sql`concat_ws(e'\\n', w.name, w.payload_url, w.description)`;

export async function findWebhook(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<WebhookRow | undefined> {
  return selectWebhooks(database)
    .where('w.id', '=', id)
    .where(webhookWithin('w', visibility))
    .executeTakeFirst();
}

/** The webhooks with these ids, as far as they exist. */
export async function findWebhooks(
  database: Database,
  ids: readonly string[],
): Promise<readonly WebhookRow[]> {
  return selectWebhooks(database)
    .where('w.id', '=', eb => eb.fn.any(eb.val([...ids])))
    .execute();
}

const columns = (['id', ...fieldNames, 'accountId', 'domainId', 'created', 'updated'] as const).map(
  name => `w.${name}` as const,
);

const filterValues = filterNames.map(name => sql`${sql.lit(name)}, ${sql.ref(`f.${name}`)}`);

function selectWebhooks(database: Database) {
  return database
    .selectFrom('webhook as w')
    .select(columns)
    .select(eb => [
      eb
        .exists(
          eb
            .selectFrom('webhook_secret as s')
            .select('s.id')
            .whereRef('s.webhookId', '=', 'w.id')
            .where(secret =>
              secret.or([
                secret('s.expiresAt', 'is', null),
                secret('s.expiresAt', '>', sql<string>`now()`),
              ]),
            ),
        )
        .$castTo<boolean>()
        .as('hasSecret'),
      sql<readonly FilterRow[]>`coalesce((select jsonb_agg(
          jsonb_build_object('id', f.id, ${sql.join(filterValues)}, 'created', ${instant('f.created')})
          order by f.created, f.id)
        from webhook_filter f where f.webhook_id = w.id), '[]')`.as('filters'),
    ]);
}

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
 * @param stateReason who changed the state; null where it stays.
 * @returns false when another webhook of the owner has the payload URL.
 */
export async function updateWebhookRow(
  database: Database,
  id: string,
  { stateReason, ...webhook }: WebhookValues & { readonly stateReason: string | null },
): Promise<boolean> {
  const { accountId: _owner, ...values } = onlyValues(webhook);
  const updated = await database
    .updateTable('webhook as w')
    .set({ ...values, updated: nextUpdated })
    .$if(stateReason !== null, query => query.set({ stateReason }))
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

/** Disables a webhook, and says why in its health and in the audit. @returns false when it was disabled before. */
export async function disableWebhook(
  database: Database,
  id: string,
  reason: string,
): Promise<boolean> {
  const { numAffectedRows } = await sql`with disabled as (
      update webhook w set state = 'Disabled', state_reason = ${reason}, updated = now()
      from (select id, state from webhook where id = ${id} and state <> 'Disabled' for update) before
      where w.id = before.id
      returning w.id, w.account_id, w.domain_id, w.scope, before.state as before)
    insert into audit (action, object_id, account_id, domain_id, scope, before, after)
    select 'webhook.disabled', id, account_id, domain_id, scope, jsonb_build_object('state', before),
      jsonb_build_object('state', 'Disabled', 'reason', ${reason}::text) from disabled`.execute(
    database,
  );
  return Number(numAffectedRows ?? 0) > 0;
}

/** A webhook that the database disabled, because its account has moved away from what it covers. */
export interface DisabledWebhook {
  readonly webhookId: string;
  readonly reason: string;
}

/** Finds webhooks that the database disabled and no process has told of yet. Of several processes one gets each. */
export async function takeDisabledUntold(database: Database): Promise<readonly DisabledWebhook[]> {
  const { rows } = await sql<DisabledWebhook>`update webhook set is_disabling_told = true
    where not is_disabling_told
    returning id as "webhookId", coalesce(state_reason, '') as reason`.execute(database);
  return rows;
}
