/**
 * Conditions that select rows by their ids from tables that are partitioned by them.
 *
 * PostgreSQL assumes ten elements in an array that a subquery returns, however many there are. An index is always the
 * cheapest way to ten rows, so that no partition is read from end to end. The bounds are constants: partitions without any
 * of the rows are left out when the statement is planned.
 *
 * Source: PostgreSQL, `src/backend/utils/adt/selfuncs.c` (`estimate_array_length`), `src/backend/partitioning/partprune.c`.
 */
import { sql, type RawBuilder } from 'kysely';

import { uuids } from './columns.ts';

/** Condition: the column is one of the ids. @param column UUIDs that begin with their time, such as `d.id`. */
export function isOneOf(column: string, ids: readonly string[]): RawBuilder<boolean> {
  const ref = sql.ref(column);
  return sql`(${ref} = any(array(select unnest(${uuids(ids)}))) and ${isAmong(column, ids)})`;
}

/** Condition: the column is between the ids. For statements that select the rows by other means. */
export function isAmong(column: string, ids: readonly string[]): RawBuilder<boolean> {
  const [first, ...rest] = ids.map(id => id.toLowerCase());
  if (first === undefined) return sql`false`;
  let [min, max] = [first, first];
  for (const id of rest) {
    if (id < min) min = id;
    else if (id > max) max = id;
  }
  const ref = sql.ref(column);
  return sql`${ref} >= ${min}::uuid and ${ref} <= ${max}::uuid`;
}
