/** The tenant that an event belongs to. */
import type { Envelope } from '../../event/envelope.ts';
import type { Database } from '../database.ts';

export interface EventTenant {
  /** The account's id; undefined when the account is not known. */
  readonly owner: string | undefined;
  /** Ids of its domain and of all above it, nearest first. */
  readonly path: readonly string[] | undefined;
}

/** Finds the account by the rule of matching (`match/match-index.ts`, `ownerOf`). */
export async function findTenant(
  database: Database,
  { account, project, category }: Envelope,
): Promise<EventTenant> {
  const named = [account, category === undefined ? undefined : project];
  for (const name of named.filter(one => one !== undefined)) {
    const row = await database
      .selectFrom('account as a')
      .innerJoin('domain as d', 'd.id', 'a.domainId')
      .select(['a.id', 'd.path'])
      .where(eb => eb.or([eb('a.id', '=', name), eb('a.alias', '=', name)]))
      .orderBy(eb => eb('a.id', '=', name), 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row) return { owner: row.id, path: row.path.split('/').filter(Boolean).toReversed() };
  }
  return { owner: undefined, path: undefined };
}
