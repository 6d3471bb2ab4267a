/** Domains: list, find, create, update. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import { after, anyOf, type PageQuery } from '../sql/condition.ts';
import { domainWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

const columns = ['id', 'name', 'parentId', 'path', 'origin', 'removedAt'] as const;
export type DomainRow = Readonly<Pick<Row<'domain'>, (typeof columns)[number]>>;

/** Numbers of rows that a write created and updated; the others did not differ. */
export interface Upserted {
  readonly created: number;
  readonly updated: number;
}

export async function listDomains(
  database: Database,
  visibility: Visibility,
  { limit, cursor, name, parentId }: PageQuery & { name?: string; parentId?: string },
): Promise<readonly DomainRow[]> {
  return database
    .selectFrom('domain as d')
    .select(columns)
    .where(eb => after(eb.ref('id'), cursor))
    .where(eb => eb.and({ name, parentId }))
    .where(domainWithin('d.id', visibility))
    .orderBy('id')
    .limit(limit)
    .execute();
}

export async function findDomain(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<DomainRow | undefined> {
  return database
    .selectFrom('domain as d')
    .select(columns)
    .where('id', '=', id)
    .where(domainWithin('d.id', visibility))
    .executeTakeFirst();
}

/** Finds the domain without a parent; undefined while the directory is empty. */
/** Finds the ids of domains and all above them, nearest first, by the domain's id. */
export async function findDomainPaths(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await database
    .selectFrom('domain')
    .select(['id', 'path'])
    .where('id', '=', anyOf(ids))
    .execute();
  return new Map(rows.map(({ id, path }) => [id, path.split('/').filter(Boolean).toReversed()]));
}

export async function findRootDomain(database: Database): Promise<DomainRow | undefined> {
  return database
    .selectFrom('domain')
    .select(columns)
    .where('parentId', 'is', null)
    .orderBy('path')
    .limit(1)
    .executeTakeFirst();
}

/**
 * Gives the root domain its id and name in the cloud, and creates it when there is none. Its children, accounts, webhooks
 * and settings stay with it.
 */
export async function adoptRootDomain(
  database: Database,
  { id, name }: { id: string; name: string },
): Promise<Upserted> {
  const root = await findRootDomain(database);
  if (root?.id === id) return upsertDomains(database, [{ id, name, parentId: null }]);
  await database.insertInto('domain').values({ id, name, path: '' }).execute();
  if (!root) return { created: 1, updated: 0 };
  await database
    .updateTable('domain')
    .set({ parentId: id })
    .where('parentId', '=', root.id)
    .execute();
  for (const table of ['account', 'webhook'] as const) {
    await database
      .updateTable(table)
      .set({ domainId: id })
      .where('domainId', '=', root.id)
      .execute();
  }
  await database
    .updateTable('setting')
    .set({ scopeId: id })
    .where(eb => eb.and({ scope: 'domain', scopeId: root.id }))
    .execute();
  await database.deleteFrom('domain').where('id', '=', root.id).execute();
  return { created: 0, updated: 1 };
}

/** Creates and updates domains. @param domains parents before their children, whose paths begin with the parent's. */
export async function upsertDomains(
  database: Database,
  domains: readonly Pick<DomainRow, 'id' | 'name' | 'parentId'>[],
): Promise<Upserted> {
  const { rows } = await sql<{ made: boolean }>`
    insert into domain as d (id, name, parent_id, path)
    select r.id, r.name, r.parent_id, '' from unnest(
      ${domains.map(({ id }) => id)}::text[], ${domains.map(({ name }) => name)}::text[],
      ${domains.map(({ parentId }) => parentId)}::text[]) with ordinality as r(id, name, parent_id, place)
    order by r.place
    on conflict (id) do update set name = excluded.name, parent_id = excluded.parent_id
      where (d.name, d.parent_id) is distinct from (excluded.name, excluded.parent_id)
    returning (d.xmax = 0) as made`.execute(database);
  return countMade(rows);
}

/** Finds the ids that no domain has. */
export async function findMissingDomains(
  database: Database,
  ids: readonly string[],
): Promise<readonly string[]> {
  const rows = await database
    .selectFrom('domain')
    .select('id')
    .where('id', '=', anyOf(ids))
    .execute();
  const found = new Set(rows.map(({ id }) => id));
  return [...new Set(ids)].filter(id => !found.has(id));
}

export async function isKnownDomain(database: Database, id: string): Promise<boolean> {
  const domain = await database
    .selectFrom('domain')
    .select('id')
    .where('id', '=', id)
    .executeTakeFirst();
  return domain !== undefined;
}

/** Whether the path of names leads to the domain. @param path such as `com/cloud`; empty for the root. */
export async function isDomainAt(database: Database, id: string, path: string): Promise<boolean> {
  const { rows } = await sql`
    with recursive up as (
      select d.parent_id, case when d.parent_id is null then '' else d.name end as names, d.parent_id is null as is_root from domain d where d.id = ${id}
      union all
      select d.parent_id, case when d.parent_id is null then up.names else d.name || '/' || up.names end, d.parent_id is null
      from up join domain d on d.id = up.parent_id where not up.is_root)
    select from up where is_root and names = ${path}`.execute(database);
  return rows.length > 0;
}

/** Counts written rows. @param rows `made` says that the row did not exist before. */
export function countMade(rows: readonly { readonly made: boolean }[]): Upserted {
  const created = rows.filter(({ made }) => made).length;
  return { created, updated: rows.length - created };
}
