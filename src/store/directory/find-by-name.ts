/** What people name by name, where everything else goes by ids. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import { accountWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

/** The account of this name in the domain, unless the cloud has lost it. */
export async function findAccountByName(
  database: Database,
  visibility: Visibility,
  { name, domainId }: { name: string; domainId: string },
): Promise<{ readonly id: string } | undefined> {
  const { rows } = await sql<{ id: string }>`
    select a.id from account a where a.name = ${name} and a.domain_id = ${domainId} and a.kind = 'user'
      and a.removed_at is null and ${accountWithin('a.id', visibility)}
    order by a.id limit 1`.execute(database);
  return rows[0];
}

/** Whether the path of names leads to the domain. @param path 'com/cloud'; '' is the root. */
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
