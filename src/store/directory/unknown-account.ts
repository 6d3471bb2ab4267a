/** Accounts that events name and the directory does not know: a bounded list that shows operators the gap. */
import { sql } from 'kysely';

import { floats, texts } from '../sql/columns.ts';
import type { Database } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import type { Fragment } from '../sql/condition.ts';

export interface UnknownAccountRow extends Readonly<Omit<Row<'unknown_account'>, 'events'>> {
  readonly events: number;
}

export interface UnknownCount {
  readonly id: string;
  readonly project: string | null;
  /** Number of events since the last count was added. */
  readonly events: number;
}

/** Whether no account has the id, neither as its own nor as its alias. */
export const isUnknown = (id: Fragment) =>
  sql<boolean>`not exists (select from account a where a.id = ${id} or a.alias = ${id})`;

/** Adds counts of events. Only the `keptMax` accounts seen last are kept. */
export async function addUnknown(
  database: Database,
  counts: readonly UnknownCount[],
  keptMax: number,
): Promise<void> {
  // Always in the same order, so that two processes never wait for each other's rows.
  const sorted = counts.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  await sql`insert into unknown_account as u (id, project, events)
    select r.id, r.project, r.events::bigint from unnest(${texts(sorted.map(({ id }) => id))},
      ${texts(sorted.map(({ project }) => project))}, ${floats(sorted.map(({ events }) => events))})
      as r(id, project, events)
    where ${isUnknown(sql`r.id`)}
    on conflict (id) do update set events = u.events + excluded.events, last_seen = now(),
      project = coalesce(excluded.project, u.project)`.execute(database);
  await sql`delete from unknown_account where id in (
    select id from unknown_account order by last_seen desc, id offset ${keptMax} for update skip locked)`.execute(
    database,
  );
}

/** Lists unknown accounts, those seen last first; without those that became known since. */
export async function listUnknown(
  database: Database,
  limit: number,
): Promise<readonly UnknownAccountRow[]> {
  return database
    .selectFrom('unknown_account as u')
    .select(['id', 'project', 'firstSeen', 'lastSeen', sql<number>`events::float8`.as('events')])
    .where(isUnknown(sql`u.id`))
    .orderBy('lastSeen', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute();
}
