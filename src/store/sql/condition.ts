/** Conditions that statements have in common, and columns of a joined table. */
import { sql, type Expression, type RawBuilder } from 'kysely';

/** Any piece of a statement that is written by hand. */
export type Fragment = RawBuilder<unknown>;
/** A condition, built or written by hand. */
export type Condition = Expression<unknown>;

/** Joins the conditions that are given by `and`; undefined when none is. */
export function conditions(
  all: readonly (Condition | undefined)[],
): RawBuilder<boolean> | undefined {
  const given = all.filter(one => one !== undefined);
  return given.length === 0 ? undefined : sql.join<boolean>(given, sql` and `);
}

/** Joins the conditions that are given by `and`; true when none is. */
export const allOf = (all: readonly (Condition | undefined)[]): RawBuilder<boolean> =>
  conditions(all) ?? sql<boolean>`true`;

/** Any of the values, as one parameter. @example where('id', '=', anyOf(ids)) */
export const anyOf = <T>(values: readonly T[]): RawBuilder<T> => sql<T>`any(${[...values]})`;

/** A page of a list in the order of a key. */
export interface PageQuery {
  readonly limit: number;
  /** The key of the last row of the page before. */
  readonly cursor?: string;
}

/** Whether a row comes after the cursor; every row does when there is none. */
export const after = (column: Expression<string>, cursor: string | undefined) =>
  cursor === undefined ? sql<boolean>`true` : sql<boolean>`${column} > ${cursor}`;

/** Whether a column contains a text, in any case; `%` and `_` mean themselves. */
export const contains = (column: Fragment, part: string) =>
  sql<boolean>`strpos(lower(${column}), lower(${part})) > 0`;

/** Prefixes columns with a table's alias. @example columnsOf('u', ['id', 'role']) // ['u.id', 'u.role'] */
export const columnsOf = <Alias extends string, Column extends string>(
  alias: Alias,
  columns: readonly Column[],
) => columns.map(column => `${alias}.${column}` as const);
