/** Webhooks as people manage them, for the API. */
import { sql } from 'kysely';

import type { FilterValues } from '../../webhook/filter-fields.ts';
import type { WebhookValues } from '../../webhook/values.ts';
import type { WebhookFilter } from '../../webhook/webhook.ts';
import type { Scope, WebhookState } from '../../webhook/words.ts';
import { instant } from '../sql/instant.ts';
import type { Database } from '../database.ts';
import { webhookWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export interface WebhookFacts extends WebhookValues {
  readonly id: string;
  readonly hasSecret: boolean;
  readonly filters: readonly FilterFacts[];
  /** RFC 3339, as all instants here. */
  readonly created: string;
  readonly updated: string;
}

export interface FilterFacts extends FilterValues {
  readonly id: string;
  readonly created: string;
}

export interface WebhookQuery {
  readonly limit: number;
  /** Id of the last webhook of the page before. */
  readonly cursor?: string;
  readonly name?: string;
  readonly state?: WebhookState;
  readonly scope?: Scope;
  readonly accountId?: string;
  readonly domainId?: string;
}

const filterJson = sql`jsonb_build_object('id', f.id, 'type', f.type, 'mode', f.mode,
  'matchType', f.match_type, 'value', f.value, 'created', ${instant('f.created')})`;

const columns = sql`w.id, w.name, w.description, w.state, w.scope, w.account_id as "accountId",
  w.domain_id as "domainId", w.payload_url as "payloadUrl", w.ssl_verification as "sslVerification",
  w.ca_certificate as "caCertificate", w.headers, w.format, w.body, w.msg_key as "msgKey", w.template, w.validation,
  w.categories,
  w.tries, w.timeout_ms as "timeoutMs", w.concurrency_max as "concurrencyMax",
  w.rate_per_second_max as "ratePerSecondMax", w.ordering, w.batch,
  ${instant('w.created')} as created, ${instant('w.updated')} as updated,
  exists (select from webhook_secret s where s.webhook_id = w.id
    and (s.expires_at is null or s.expires_at > now())) as "hasSecret",
  coalesce((select jsonb_agg(${filterJson} order by f.created, f.id)
    from webhook_filter f where f.webhook_id = w.id), '[]') as filters`;

/** Webhooks by id. */
export async function listWebhooks(
  database: Database,
  visibility: Visibility,
  query: WebhookQuery,
): Promise<readonly WebhookFacts[]> {
  const wanted = [
    webhookWithin('w', visibility),
    query.cursor === undefined ? [] : sql`w.id > ${query.cursor}::uuid`,
    query.name === undefined ? [] : sql`w.name = ${query.name}`,
    query.state === undefined ? [] : sql`w.state = ${query.state}`,
    query.scope === undefined ? [] : sql`w.scope = ${query.scope}`,
    query.accountId === undefined ? [] : sql`w.account_id = ${query.accountId}`,
    query.domainId === undefined ? [] : sql`w.domain_id = ${query.domainId}`,
  ].flat();
  const { rows } = await sql<WebhookFacts>`
    select ${columns} from webhook w
    where ${sql.join(wanted, sql` and `)}
    order by w.id limit ${query.limit}`.execute(database);
  return rows;
}

export async function findWebhook(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<WebhookFacts | undefined> {
  const { rows } = await sql<WebhookFacts>`
    select ${columns} from webhook w
    where w.id = ${id} and ${webhookWithin('w', visibility)}`.execute(database);
  return rows[0];
}

/** Those of these webhooks that there are. */
export async function findWebhooks(
  database: Database,
  ids: readonly string[],
): Promise<readonly WebhookFacts[]> {
  const { rows } = await sql<WebhookFacts>`
    select ${columns} from webhook w where w.id = any(${[...ids]}::uuid[])`.execute(database);
  return rows;
}

/** @returns false when another webhook of the owner has the payload URL. */
export async function insertWebhook(
  database: Database,
  id: string,
  webhook: WebhookValues,
): Promise<boolean> {
  const { rows } = await sql`
    insert into webhook (id, name, description, state, scope, account_id, domain_id, payload_url, ssl_verification,
      ca_certificate, headers, format, body, msg_key, template, validation, categories, tries, timeout_ms,
      concurrency_max, rate_per_second_max, ordering, batch)
    values (${id}, ${webhook.name}, ${webhook.description}, ${webhook.state}, ${webhook.scope}, ${webhook.accountId},
      ${webhook.domainId}, ${webhook.payloadUrl}, ${webhook.sslVerification}, ${webhook.caCertificate}, ${json(webhook.headers)}::jsonb,
      ${webhook.format}, ${json(webhook.body)}::jsonb, ${webhook.msgKey}, ${webhook.template}, ${webhook.validation},
      ${[...webhook.categories]}::text[], ${webhook.tries}, ${webhook.timeoutMs}, ${webhook.concurrencyMax},
      ${webhook.ratePerSecondMax}, ${webhook.ordering}, ${json(webhook.batch)}::jsonb)
    on conflict (account_id, payload_url) do nothing returning id`.execute(database);
  return rows.length > 0;
}

/** Deferred than before, also when two changes fall into one millisecond, so that it tells two states of a webhook apart. */
const nextUpdated = sql`greatest(now(), w.updated + interval '1 ms')`;

const json = (value: object | null): string | null => value && JSON.stringify(value);

/** @returns false when another webhook of the owner has the payload URL. */
export async function updateWebhookRow(
  database: Database,
  id: string,
  webhook: WebhookValues,
): Promise<boolean> {
  const { rows } = await sql`
    update webhook w set name = ${webhook.name}, description = ${webhook.description}, state = ${webhook.state},
      scope = ${webhook.scope}, domain_id = ${webhook.domainId}, payload_url = ${webhook.payloadUrl},
      ssl_verification = ${webhook.sslVerification}, ca_certificate = ${webhook.caCertificate},
      headers = ${json(webhook.headers)}::jsonb, format = ${webhook.format}, body = ${json(webhook.body)}::jsonb,
      msg_key = ${webhook.msgKey}, template = ${webhook.template}, validation = ${webhook.validation}, categories = ${[...webhook.categories]}::text[],
      tries = ${webhook.tries}, timeout_ms = ${webhook.timeoutMs}, concurrency_max = ${webhook.concurrencyMax},
      rate_per_second_max = ${webhook.ratePerSecondMax}, ordering = ${webhook.ordering}, batch = ${json(webhook.batch)}::jsonb,
      updated = ${nextUpdated}
    where w.id = ${id} and not exists (select from webhook other
      where other.account_id = w.account_id and other.payload_url = ${webhook.payloadUrl} and other.id <> w.id)
    returning w.id`.execute(database);
  return rows.length > 0;
}

/** Something of the webhook that its row does not hold was changed. */
export async function touchWebhook(database: Database, id: string): Promise<void> {
  await sql`update webhook w set updated = ${nextUpdated} where w.id = ${id}`.execute(database);
}

export async function deleteWebhookRow(database: Database, id: string): Promise<boolean> {
  const { rows } = await sql`delete from webhook where id = ${id} returning id`.execute(database);
  return rows.length > 0;
}

/** Holds the webhook's row until the transaction ends, so that changes to it are made one after another. */
export async function lockWebhook(database: Database, id: string): Promise<void> {
  await sql`select from webhook where id = ${id} for update`.execute(database);
}

export async function insertFilter(
  database: Database,
  webhookId: string,
  filter: WebhookFilter & { readonly id: string },
): Promise<FilterFacts> {
  const { rows } = await sql<{ filter: FilterFacts }>`
    insert into webhook_filter as f (id, webhook_id, type, mode, match_type, value)
    values (${filter.id}, ${webhookId}, ${filter.type ?? 'EventType'}, ${filter.mode}, ${filter.matchType}, ${filter.value})
    returning ${filterJson} as filter`.execute(database);
  const [made] = rows;
  if (!made) throw new RangeError('insert into webhook_filter returned no row');
  return made.filter;
}

/** Of all the account's webhooks. */
export async function countAccountExpressions(
  database: Database,
  accountId: string,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from webhook w join webhook_filter f on f.webhook_id = w.id
    where w.account_id = ${accountId} and f.type = 'Expression'`.execute(database);
  return rows[0]?.count ?? 0;
}

export async function deleteFilterRow(
  database: Database,
  webhookId: string,
  id: string,
): Promise<boolean> {
  const { rows } = await sql`
    delete from webhook_filter where webhook_id = ${webhookId} and id = ${id} returning id`.execute(
    database,
  );
  return rows.length > 0;
}
