/**
 * Whom an event concerns, as the directory knows it. The rule is stated here, and applied in memory by matching
 * (`match/whom.ts`), and in SQL by what may be seen (`sql/visibility.ts`):
 *
 * 1. the account that the event names, by its id or alias; else, for CloudStack's events, the project that it names;
 * 2. else the user whom its message proves, where the directory has them as an account;
 * 3. else the domain that its message proves;
 * 4. else nobody.
 */
import { sql, type RawBuilder } from 'kysely';

import type { Envelope } from '../../event/envelope.ts';
import type { Concern, Proven } from '../../event/event.ts';
import type { Database } from '../database.ts';

export type EventTenant =
  | {
      readonly by: 'account' | 'user';
      /** The account's id. */
      readonly owner: string;
      /** Ids of its domain and of all above it, nearest first. */
      readonly path: readonly string[];
    }
  /** No account, but a domain, from it upwards. */
  | { readonly by: 'domain'; readonly path: readonly string[] }
  /** Nobody whom the directory knows. */
  | { readonly by: 'nobody' };

export async function findTenant(
  database: Database,
  { account, project, category }: Envelope,
  { provenUser, provenDomain }: Proven,
): Promise<EventTenant> {
  const named = [account, category === undefined ? undefined : project];
  for (const name of named.filter(one => one !== undefined)) {
    const found = await findOwner(database, name);
    if (found) return { by: 'account', ...found };
  }
  const user = provenUser === undefined ? undefined : await findOwner(database, provenUser);
  if (user) return { by: 'user', ...user };
  if (provenDomain === undefined) return { by: 'nobody' };
  const domain = await database
    .selectFrom('domain')
    .select('path')
    .where('id', '=', provenDomain)
    .executeTakeFirst();
  return domain ? { by: 'domain', path: upwards(domain.path) } : { by: 'nobody' };
}

async function findOwner(
  database: Database,
  name: string,
): Promise<{ readonly owner: string; readonly path: readonly string[] } | undefined> {
  const row = await database
    .selectFrom('account as a')
    .innerJoin('domain as d', 'd.id', 'a.domainId')
    .select(['a.id', 'd.path'])
    .where(eb => eb.or([eb('a.id', '=', name), eb('a.alias', '=', name)]))
    .orderBy(eb => eb('a.id', '=', name), 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && { owner: row.id, path: upwards(row.path) };
}

/** The ids in a path `/root/child/`, the child first. */
const upwards = (path: string): readonly string[] => path.split('/').filter(Boolean).toReversed();

/** The facts that decide whom an event concerns, as the columns have them. */
export interface ConcernRow {
  readonly account: string | null;
  readonly project: string | null;
  readonly category: Concern['category'] | null;
  readonly provenDomain: string | null;
  readonly provenUser: string | null;
}

/** @param alias alias of the table `event`. */
export const concernColumns = (alias: string): RawBuilder<unknown> =>
  sql.raw(
    `${alias}.account, ${alias}.project, ${alias}.category, ${alias}.proven_domain as "provenDomain", ${alias}.proven_user as "provenUser"`,
  );

export const toConcern = (row: ConcernRow): Concern => ({
  account: row.account ?? undefined,
  project: row.project ?? undefined,
  category: row.category ?? undefined,
  provenDomain: row.provenDomain ?? undefined,
  provenUser: row.provenUser ?? undefined,
});
