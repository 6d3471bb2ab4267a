/** Accounts that events belong to and the directory does not know: a bounded list, so that an operator sees the gap. */
import { sql } from 'kysely';

import { floats, texts } from '../sql/columns.ts';
import { instant } from '../sql/instant.ts';
import type { Database } from '../database.ts';

export interface UnknownAccountFacts {
  readonly id: string;
  /** The project its events name; null when they name none. */
  readonly project: string | null;
  readonly events: number;
  /** RFC 3339, as all instants here. */
  readonly firstSeen: string;
  readonly lastSeen: string;
}

export interface UnknownCount {
  readonly id: string;
  readonly project: string | null;
  /** Since the last count was added. */
  readonly events: number;
}

/** Adds to what was counted. Beyond `keptMax` accounts those not seen for longest are dropped. */
export async function addUnknown(
  database: Database,
  counts: readonly UnknownCount[],
  keptMax: number,
): Promise<void> {
  // In one order, so that two processes never wait for each other's rows.
  const sorted = counts.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  await sql`insert into unknown_account as u (id, project, events)
    select r.id, r.project, r.events::bigint from unnest(${texts(sorted.map(({ id }) => id))},
      ${texts(sorted.map(({ project }) => project))}, ${floats(sorted.map(({ events }) => events))})
      as r(id, project, events)
    where not exists (select from account a where a.id = r.id or a.alias = r.id)
    on conflict (id) do update set events = u.events + excluded.events, last_seen = now(),
      project = coalesce(excluded.project, u.project)`.execute(database);
  await sql`delete from unknown_account where id in (
    select id from unknown_account order by last_seen desc, id offset ${keptMax} for update skip locked)`.execute(
    database,
  );
}

/** Last seen first. Those that became known since are left out. */
export async function listUnknown(
  database: Database,
  limit: number,
): Promise<readonly UnknownAccountFacts[]> {
  const { rows } = await sql<UnknownAccountFacts>`
    select u.id, u.project, u.events::float8 as events, ${instant('u.first_seen')} as "firstSeen",
      ${instant('u.last_seen')} as "lastSeen"
    from unknown_account u where not exists (select from account a where a.id = u.id or a.alias = u.id)
    order by u.last_seen desc, u.id limit ${limit}`.execute(database);
  return rows;
}
