/** Domains and accounts, for access, the API and imports. */
import { sql } from 'kysely';

import { instant } from '../sql/instant.ts';
import type { Database } from '../database.ts';
import type { AccountKind, Origin } from '../schema/directory.ts';
import { accountWithin, domainWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export interface DomainFacts {
  readonly id: string;
  readonly name: string;
  readonly parentId: string | null;
  readonly path: string;
  readonly origin: Origin;
  /** RFC 3339: when the cloud was first seen without it. */
  readonly removedAt: string | null;
}

/** What an account is made with. */
export interface AccountValues {
  readonly id: string;
  readonly name: string;
  readonly domainId: string;
  readonly kind: AccountKind;
}

export interface AccountFacts extends AccountValues {
  readonly origin: Origin;
  /** Another id its events carry: the uuid of the account behind a CloudStack project. */
  readonly alias: string | null;
  /** RFC 3339: when the cloud was first seen without it. Its webhooks are told of nothing from then on. */
  readonly removedAt: string | null;
}

interface Page {
  readonly limit: number;
  readonly cursor?: string;
}

/** How many rows a write made and changed; the rest were as given already. */
export interface Upserted {
  readonly created: number;
  readonly updated: number;
}

const domainColumns = sql`d.id, d.name, d.parent_id as "parentId", d.path, d.origin,
  ${instant('d.removed_at')} as "removedAt"`;
const accountColumns = sql`a.id, a.name, a.domain_id as "domainId", a.kind, a.origin, a.alias,
  ${instant('a.removed_at')} as "removedAt"`;

const after = (column: string, { cursor }: Page) =>
  cursor === undefined ? sql`true` : sql`${sql.ref(column)} > ${cursor}`;

export async function listDomains(
  database: Database,
  visibility: Visibility,
  page: Page & { name?: string; parentId?: string },
): Promise<readonly DomainFacts[]> {
  const { rows } = await sql<DomainFacts>`
    select ${domainColumns} from domain d
    where ${after('d.id', page)} and ${page.name === undefined ? sql`true` : sql`d.name = ${page.name}`}
      and ${page.parentId === undefined ? sql`true` : sql`d.parent_id = ${page.parentId}`}
      and ${domainWithin('d.id', visibility)}
    order by d.id limit ${page.limit}`.execute(database);
  return rows;
}

export async function findDomain(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<DomainFacts | undefined> {
  const { rows } = await sql<DomainFacts>`
    select ${domainColumns} from domain d
    where d.id = ${id} and ${domainWithin('d.id', visibility)}`.execute(database);
  return rows[0];
}

/** The domain without a parent; undefined while the directory is empty. */
export async function findRootDomain(database: Database): Promise<DomainFacts | undefined> {
  const { rows } = await sql<DomainFacts>`
    select ${domainColumns} from domain d where d.parent_id is null order by d.path limit 1`.execute(
    database,
  );
  return rows[0];
}

/**
 * Gives the root its id and name in the cloud; makes it when there is none. What hung under the root so far hangs
 * under it afterwards.
 */
export async function adoptRootDomain(
  database: Database,
  { id, name }: { id: string; name: string },
): Promise<Upserted> {
  const root = await findRootDomain(database);
  if (root?.id === id) return upsertDomains(database, [{ id, name, parentId: null }]);
  await sql`insert into domain (id, name, path) values (${id}, ${name}, '')`.execute(database);
  if (!root) return { created: 1, updated: 0 };
  await sql`update domain set parent_id = ${id} where parent_id = ${root.id}`.execute(database);
  await sql`update account set domain_id = ${id} where domain_id = ${root.id}`.execute(database);
  await sql`update webhook set domain_id = ${id} where domain_id = ${root.id}`.execute(database);
  await sql`update setting set scope_id = ${id}
    where scope = 'domain' and scope_id = ${root.id}`.execute(database);
  await sql`delete from domain where id = ${root.id}`.execute(database);
  return { created: 0, updated: 1 };
}

/** @param domains parents before their children: a path is made from the parent's. */
export async function upsertDomains(
  database: Database,
  domains: readonly {
    readonly id: string;
    readonly name: string;
    readonly parentId: string | null;
  }[],
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

export async function listAccounts(
  database: Database,
  visibility: Visibility,
  page: Page & { name?: string; domainId?: string },
): Promise<readonly AccountFacts[]> {
  const { rows } = await sql<AccountFacts>`
    select ${accountColumns} from account a
    where ${after('a.id', page)} and ${page.name === undefined ? sql`true` : sql`a.name = ${page.name}`}
      and ${page.domainId === undefined ? sql`true` : sql`a.domain_id = ${page.domainId}`}
      and ${accountWithin('a.id', visibility)}
    order by a.id limit ${page.limit}`.execute(database);
  return rows;
}

export async function findAccount(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<AccountFacts | undefined> {
  const { rows } = await sql<AccountFacts>`
    select ${accountColumns} from account a
    where a.id = ${id} and ${accountWithin('a.id', visibility)}`.execute(database);
  return rows[0];
}

export async function upsertAccounts(
  database: Database,
  accounts: readonly AccountValues[],
): Promise<Upserted> {
  const { rows } = await sql<{ made: boolean }>`
    insert into account as a (id, name, domain_id, kind)
    select * from unnest(
      ${accounts.map(({ id }) => id)}::text[], ${accounts.map(({ name }) => name)}::text[],
      ${accounts.map(({ domainId }) => domainId)}::text[], ${accounts.map(({ kind }) => kind)}::text[])
    on conflict (id) do update set name = excluded.name, domain_id = excluded.domain_id, kind = excluded.kind
      where (a.name, a.domain_id, a.kind) is distinct from (excluded.name, excluded.domain_id, excluded.kind)
    returning (a.xmax = 0) as made`.execute(database);
  return countMade(rows);
}

/** Of these ids, those that no domain has. */
export async function missingDomains(
  database: Database,
  ids: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select wanted.id from unnest(${[...new Set(ids)]}::text[]) as wanted(id)
    where not exists (select from domain d where d.id = wanted.id)`.execute(database);
  return rows.map(({ id }) => id);
}

function countMade(rows: readonly { readonly made: boolean }[]): Upserted {
  const created = rows.filter(({ made }) => made).length;
  return { created, updated: rows.length - created };
}
