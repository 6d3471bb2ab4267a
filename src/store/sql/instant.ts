/** Instants as hand-written statements read them. */
import { sql } from 'kysely';

/** The column as RFC 3339 in UTC, to the millisecond; MikroORM's connections hand timestamps over as PostgreSQL's text. */
export const instant = (column: string) =>
  sql<
    string | null
  >`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
