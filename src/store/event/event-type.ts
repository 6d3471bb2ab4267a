/** The types of the newest events, with their numbers. */
import { sql } from 'kysely';

import { timeOf } from '../../event/id.ts';
import type { Database } from '../database.ts';
import { eventWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';
import { recentRows } from './recent.ts';

export interface SeenType {
  readonly type: string;
  readonly count: number;
  readonly lastSeenAt: Date;
}

/** Counts the visible events among the last ten thousand, by type. */
export async function countEventTypes(
  database: Database,
  visibility: Visibility,
): Promise<readonly SeenType[]> {
  const rows = await database
    .selectFrom((await recentRows(database)).as('e'))
    .select(['e.event as type', sql<number>`count(*)::int`.as('count')])
    // PostgreSQL has a maximum of uuids only since version 18.
    .select(sql<string>`max(e.id::text)`.as('last'))
    .where(eventWithin('e', visibility))
    .groupBy('e.event')
    .execute();
  return rows.map(({ last, ...row }) => ({ ...row, lastSeenAt: timeOf(last) }));
}
