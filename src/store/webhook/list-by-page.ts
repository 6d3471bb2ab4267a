/** Lists webhooks and filters by page number and with a total, for CloudStack's API. */
import { sql } from 'kysely';

import { filterNames } from '../../webhook/filter/filter-fields.ts';
import type { WebhookValues } from '../../webhook/values.ts';
import type { Database } from '../database.ts';
import type { AccountKind } from '../schema/directory.ts';
import { contains } from '../sql/condition.ts';
import { readNumberedPage, type PageOf } from '../sql/numbered-page.ts';
import { webhookWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

const searched = ['id', 'name', 'scope', 'accountId'] as const;

export interface WebhookSearch extends Partial<
  Pick<WebhookValues, 'name' | 'scope' | 'accountId'>
> {
  readonly id?: string;
  /** CloudStack knows no other states: one that is paused counts as disabled. */
  readonly state?: 'Enabled' | 'Disabled';
  /** Part of the name, in any case. */
  readonly keyword?: string;
  readonly domain?: { readonly id: string; readonly isRecursive: boolean };
  /** Restricts the list to webhooks whose owner is of this kind. */
  readonly ownerKind?: AccountKind;
}

/** A webhook with the names of what it belongs to. */
export type NamedWebhook = Awaited<ReturnType<typeof listWebhooksByPage>>['rows'][number];

/** Lists webhooks, oldest first. */
export async function listWebhooksByPage(
  database: Database,
  visibility: Visibility,
  { search, page }: { search: WebhookSearch; page: PageOf },
) {
  const { state, keyword, domain, ownerKind } = search;
  let wanted = database
    .selectFrom('webhook as w')
    .innerJoin('account as a', 'a.id', 'w.accountId')
    .innerJoin('domain as d', 'd.id', 'w.domainId')
    .where(webhookWithin('w', visibility));
  for (const name of searched) {
    const value = search[name];
    if (value !== undefined) wanted = wanted.where(`w.${name}`, '=', value);
  }
  if (state !== undefined) {
    wanted = wanted.where('w.state', state === 'Enabled' ? '=' : '<>', 'Enabled');
  }
  if (keyword !== undefined) wanted = wanted.where(contains(sql.ref('w.name'), keyword));
  if (ownerKind !== undefined) wanted = wanted.where('a.kind', '=', ownerKind);
  if (domain) wanted = wanted.where(inDomain(domain));
  const rows = wanted
    .select(['w.id', 'w.name', 'w.description', 'w.state', 'w.scope', 'w.payloadUrl'])
    .select(['w.sslVerification', 'w.created', 'w.domainId', 'd.name as domainName'])
    .select(['w.accountId', 'a.name as accountName', 'a.kind as accountKind'])
    .orderBy('w.id');
  return readNumberedPage(database, rows, page);
}

const inDomain = ({ id, isRecursive }: { id: string; isRecursive: boolean }) =>
  isRecursive
    ? sql<boolean>`starts_with(d.path, (select top.path from domain top where top.id = ${id}))`
    : sql<boolean>`w.domain_id = ${id}`;

/** A filter with the name of its webhook. */
export type NamedFilter = Awaited<ReturnType<typeof listFiltersByPage>>['rows'][number];

/** Lists filters, newest first. */
export async function listFiltersByPage(
  database: Database,
  visibility: Visibility,
  { search, page }: { search: { id?: string; webhookId?: string }; page: PageOf },
) {
  let wanted = database
    .selectFrom('webhook_filter as f')
    .innerJoin('webhook as w', 'w.id', 'f.webhookId')
    .where(webhookWithin('w', visibility));
  for (const name of ['id', 'webhookId'] as const) {
    const value = search[name];
    if (value !== undefined) wanted = wanted.where(`f.${name}`, '=', value);
  }
  const rows = wanted
    .select(filterNames.map(name => `f.${name}` as const))
    .select(['f.id', 'f.created', 'f.webhookId', 'w.name as webhookName'])
    .orderBy('f.created', 'desc')
    .orderBy('f.id', 'desc');
  return readNumberedPage(database, rows, page);
}
