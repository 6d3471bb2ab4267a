/** The days on which deliveries wait to be claimed. Most days of the retention have none. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import { dayOf, daysOf } from '../schema/partition.ts';
import { deliveriesOf, isFree, isOrdered, type Day } from './waiting-rows.ts';

export interface WaitingDays {
  /** Lists the present day, and those on which deliveries waited when all days were last searched, in order. */
  current(database: Database): Promise<readonly Day[]>;
  /** Searches all days before the next answer, because a delivery may wait on any of them, or a day be gone. */
  searchAgain(): void;
}

/** Interval at which all days are searched. */
const searchMs = 30_000;
/** Time around midnight in which two days count as present: clocks differ, and a delivery is rescheduled after its event. */
const skewMs = 900_000;

/** @param now milliseconds since 1970. */
export function createWaitingDays(now: () => number): WaitingDays {
  let existing = new Set<Day>();
  let waiting: readonly Day[] = [];
  let searchedAtMs = -Infinity;
  const searchAgain = (): void => {
    searchedAtMs = -Infinity;
  };
  async function search(database: Database): Promise<void> {
    // Set first: what is announced during the search is searched for again.
    searchedAtMs = now();
    try {
      existing = new Set(await daysOf(database, 'delivery'));
      waiting = await findWaitingDays(database, [...existing]);
    } catch (error) {
      searchAgain();
      throw error;
    }
  }
  return {
    async current(database) {
      if (now() >= searchedAtMs + searchMs) await search(database);
      const recent = [now() - skewMs, now(), now() + skewMs].map(dayOf);
      return [...new Set([...waiting, ...recent])].filter(day => existing.has(day)).toSorted();
    },
    searchAgain,
  };
}

/** Finds the days on which a delivery waits, or one with an order key is in progress. */
async function findWaitingDays(database: Database, days: readonly Day[]): Promise<readonly Day[]> {
  const searches = days.flatMap(day =>
    [isFree, isOrdered].map(
      condition => sql`(select ${day}::text as day from ${deliveriesOf(day)}
        where ${condition} order by webhook_id limit 1)`,
    ),
  );
  if (searches.length === 0) return [];
  const { rows } = await sql<{ day: Day }>`${sql.join(searches, sql` union all `)}`.execute(
    database,
  );
  return rows.map(({ day }) => day);
}
