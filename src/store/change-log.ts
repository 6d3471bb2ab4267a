/**
 * Reads the log of changes to what processes hold in memory (`migrations/0003-triggers.ts` writes it).
 *
 * Transactions commit in another order than their numbers, so a reader remembers a horizon, the oldest transaction that was
 * running when it read last, and reads from there. What it has read above the horizon is left out the second time. Thus no
 * change is missed, whether a notification arrives or not.
 *
 * Source: PostgreSQL's documentation, "Transaction ID and Snapshot Information Functions" (pg_snapshot_xmin).
 */
import { sql } from 'kysely';

import type { Database } from './database.ts';
import type { Row } from './schema/tables.ts';

export type LoggedChange = Pick<Row<'change'>, 'kind' | 'key'>;

/** Reads changes since the last call, each once. @throws when the database cannot be asked; nothing is skipped then. */
export type ReadChanges = (database: Database) => Promise<readonly LoggedChange[]>;

/** Creates a reader. Its first call finds nothing and marks where reading begins. */
export function createChangeReader(): ReadChanges {
  let horizon: string | undefined;
  /** Transactions' numbers of the changes above the horizon that were read, by the changes' ids. */
  let read = new Map<string, bigint>();
  return async database => {
    const found = await readSince(database, horizon);
    const fresh = found.changes.filter(({ id }) => !read.has(id));
    const oldest = BigInt(found.horizon);
    const known = [...read, ...fresh.map(one => [one.id, BigInt(one.transactionId)] as const)];
    read = new Map(known.filter(([, transactionId]) => transactionId >= oldest));
    ({ horizon } = found);
    return fresh;
  };
}

interface Found {
  readonly horizon: string;
  readonly changes: readonly (LoggedChange & {
    readonly id: string;
    readonly transactionId: string;
  })[];
}

async function readSince(database: Database, since: string | undefined): Promise<Found> {
  // One statement, so that the horizon and the changes are of one snapshot.
  const { rows } = await sql<Found>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as horizon,
      coalesce((select jsonb_agg(jsonb_build_object('id', id::text, 'transactionId', transaction_id::text,
          'kind', kind, 'key', key) order by id)
        from change where transaction_id >= ${since ?? null}::xid8), '[]') as changes`.execute(
    database,
  );
  const [found] = rows;
  if (!found) throw new RangeError('a select without from has one row');
  return found;
}

/** Deletes changes that every process has read, or is about to learn by reading everything. */
export async function deleteChanges(database: Database, before: Date): Promise<void> {
  await database.deleteFrom('change').where('at', '<', before.toISOString()).execute();
}
