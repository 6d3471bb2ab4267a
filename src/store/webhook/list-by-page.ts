/** Webhooks and filters by the number of a page and with a total, as CloudStack's API lists them. */
import { sql } from 'kysely';

import type { WebhookFilter } from '../../webhook/webhook.ts';
import type { FilterType, Scope, WebhookState } from '../../webhook/words.ts';
import { instant } from '../sql/instant.ts';
import type { Database } from '../database.ts';
import type { AccountKind } from '../schema/directory.ts';
import { conditions } from '../sql/keyset.ts';
import type { Fragment } from '../sql/keyset.ts';
import { webhookWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export interface PageOf {
  readonly offset: number;
  readonly limit: number;
}

export interface Counted<T> {
  /** Of all pages. */
  readonly count: number;
  readonly rows: readonly T[];
}

/** A webhook with the names of what it belongs to. */
export interface NamedWebhook {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly state: WebhookState;
  readonly scope: Scope;
  readonly payloadUrl: string;
  readonly sslVerification: boolean;
  /** RFC 3339, as all instants here. */
  readonly created: string;
  readonly domainId: string;
  readonly domainName: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly accountKind: AccountKind;
}

export interface WebhookSearch {
  readonly id?: string;
  readonly name?: string;
  /** Part of the name, in any case. */
  readonly keyword?: string;
  readonly state?: WebhookState;
  readonly scope?: Scope;
  readonly accountId?: string;
  readonly domain?: { readonly id: string; readonly isRecursive: boolean };
  /** Only those of owners of this kind. */
  readonly ownerKind?: AccountKind;
}

const from = sql`from webhook w join account a on a.id = w.account_id join domain d on d.id = w.domain_id`;
const webhookColumns = sql`w.id, w.name, w.description, w.state, w.scope, w.payload_url as "payloadUrl",
  w.ssl_verification as "sslVerification", ${instant('w.created')} as created, w.domain_id as "domainId",
  d.name as "domainName", w.account_id as "accountId", a.name as "accountName", a.kind as "accountKind"`;

/** By id, the oldest first. */
export async function listWebhooksByPage(
  database: Database,
  visibility: Visibility,
  { search, page }: { search: WebhookSearch; page: PageOf },
): Promise<Counted<NamedWebhook>> {
  const { id, name, keyword, state, scope, accountId, domain, ownerKind } = search;
  const wanted = all([
    webhookWithin('w', visibility),
    id === undefined ? undefined : sql`w.id = ${id}`,
    name === undefined ? undefined : sql`w.name = ${name}`,
    keyword === undefined ? undefined : contains(sql`w.name`, keyword),
    state === undefined ? undefined : sql`w.state = ${state}`,
    scope === undefined ? undefined : sql`w.scope = ${scope}`,
    accountId === undefined ? undefined : sql`w.account_id = ${accountId}`,
    domain && inDomain(domain),
    ownerKind === undefined ? undefined : sql`a.kind = ${ownerKind}`,
  ]);
  return countAndRead(database, {
    from: sql`${from} where ${wanted}`,
    columns: webhookColumns,
    order: sql`w.id`,
    page,
  });
}

const inDomain = ({ id, isRecursive }: { id: string; isRecursive: boolean }): Fragment =>
  isRecursive
    ? sql`starts_with(d.path, (select top.path from domain top where top.id = ${id}))`
    : sql`w.domain_id = ${id}`;

/** A filter with the name of its webhook. */
export interface NamedFilter extends WebhookFilter {
  readonly id: string;
  readonly type: FilterType;
  readonly created: string;
  readonly webhookId: string;
  readonly webhookName: string;
}

/** The newest first. */
export async function listFiltersByPage(
  database: Database,
  visibility: Visibility,
  { search, page }: { search: { id?: string; webhookId?: string }; page: PageOf },
): Promise<Counted<NamedFilter>> {
  const wanted = all([
    webhookWithin('w', visibility),
    search.id === undefined ? undefined : sql`f.id = ${search.id}`,
    search.webhookId === undefined ? undefined : sql`f.webhook_id = ${search.webhookId}`,
  ]);
  return countAndRead(database, {
    from: sql`from webhook_filter f join webhook w on w.id = f.webhook_id where ${wanted}`,
    columns: sql`f.id, f.type, f.mode, f.match_type as "matchType", f.value, ${instant('f.created')} as created,
      w.id as "webhookId", w.name as "webhookName"`,
    order: sql`f.created desc, f.id desc`,
    page,
  });
}

export interface CountedQuery {
  /** Everything from `from` to the end of `where`. */
  readonly from: Fragment;
  readonly columns: Fragment;
  readonly order: Fragment;
  readonly page: PageOf;
}

export async function countAndRead<T>(
  database: Database,
  query: CountedQuery,
): Promise<Counted<T>> {
  const counted = await sql<{ count: string }>`select count(*) ${query.from}`.execute(database);
  const { offset, limit } = query.page;
  const { rows } = await sql<T>`select ${query.columns} ${query.from}
    order by ${query.order} offset ${offset} limit ${limit}`.execute(database);
  return { count: Number(counted.rows[0]?.count ?? 0), rows };
}

/** Literally: `%` and `_` mean themselves. */
export const contains = (column: Fragment, part: string): Fragment =>
  sql`strpos(lower(${column}), lower(${part})) > 0`;

export const all = (wanted: readonly (Fragment | undefined)[]): Fragment =>
  conditions(wanted) ?? sql`true`;
