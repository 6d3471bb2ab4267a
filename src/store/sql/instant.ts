/** Instants as statements read and write them: RFC 3339 in UTC, to the millisecond. @example '2026-11-21T13:05:01.123Z' */
import { sql } from 'kysely';
import { types, TypeOverrides } from 'pg';

/** Now, by the database's clock; within a transaction the time it began. */
export const now = sql<string>`now()`;

/** An instant in the future, by the database's clock. */
export const fromNow = (ms: number) => sql<string>`now() + ${ms} * interval '1 millisecond'`;

/** A timestamp column as text, for places where the driver sees no timestamp, such as inside JSON. */
export const instant = (column: string) =>
  sql<
    string | null
  >`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const { TIMESTAMPTZ } = types.builtins;
const parseTimestamp = types.getTypeParser(TIMESTAMPTZ);

/** The driver's parsers of column values: a `timestamptz` becomes the text that `instant` makes, instead of a Date. */
export function columnParsers(): TypeOverrides {
  const parsers = new TypeOverrides();
  parsers.setTypeParser(TIMESTAMPTZ, text => {
    const at = parseTimestamp(text);
    // PostgreSQL's 'infinity' has no Date.
    return at instanceof Date ? at.toISOString() : text;
  });
  return parsers;
}
