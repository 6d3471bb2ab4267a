/** Whose an event is, by the tables. */
import { sql } from 'kysely';

import type { Envelope } from '../../event/envelope.ts';
import type { Database } from '../database.ts';

export interface EventTenant {
  /** An account's id; undefined when it is not known. */
  readonly owner: string | undefined;
  /** Its domain and all above it, nearest first. */
  readonly path: readonly string[] | undefined;
}

/** By the rule that matching goes by (`match/match-index.ts`, `ownerOf`). */
export async function findTenant(
  database: Database,
  { account, project, category }: Envelope,
): Promise<EventTenant> {
  const named = [account, category === undefined ? undefined : project];
  for (const name of named.filter(one => one !== undefined)) {
    const { rows } = await sql<{ id: string; path: string }>`
      select a.id, d.path from account a join domain d on d.id = a.domain_id
      where a.id = ${name} or a.alias = ${name} order by (a.id = ${name}) desc limit 1`.execute(
      database,
    );
    const [row] = rows;
    if (row) return { owner: row.id, path: row.path.split('/').filter(Boolean).toReversed() };
  }
  return { owner: undefined, path: undefined };
}
