/** The event of a delivery, in statements about deliveries. */
import { sql, type RawBuilder } from 'kysely';

import type { Row } from '../schema/tables.ts';

/**
 * A table to join laterally. PostgreSQL does not know of a partitioned table that an id belongs to one row, and would expect
 * so many rows that it reads the table from end to end. The limit tells it.
 *
 * @param alias alias of the table `delivery`.
 */
export const eventOf = (alias: string): RawBuilder<Row<'event'>> =>
  sql`(select * from event e where e.id = ${sql.ref(`${alias}.event_id`)} limit 1)`;
