/**
 * Waiting deliveries in statements: the tables and conditions that select them. Statements about them name the partition of
 * a day, so that PostgreSQL has a single index to choose from, and plans one table instead of a month of them.
 */
import { sql, type RawBuilder } from 'kysely';

import { partitionName } from '../schema/partition.ts';

/** A day in UTC. @example '20261121' */
export type Day = string;

/** The partition with the deliveries of a day's events. */
export const deliveriesOf = (day: Day): RawBuilder<unknown> =>
  sql.table(partitionName('delivery', day));

/** Condition: the delivery waits, and is in no order. */
export const isFree = sql`state = 'pending' and order_key is null`;
/** Condition: the delivery has an order key and is unfinished; one in progress keeps its turn. */
export const isOrdered = sql`state in ('pending', 'delivering') and order_key is not null`;
