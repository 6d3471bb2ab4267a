/** Paged lists: `?limit=&cursor=` in, `{ items, nextCursor }` out. */
import type { Page } from '../../store/sql/keyset.ts';
import { ProblemError } from './problem.ts';

interface PageQuery {
  readonly limit: number;
  readonly cursor?: string;
}

export interface ListAnswer<Row> {
  readonly items: readonly Row[];
  readonly nextCursor: string | null;
}

/** The key that a list is sorted by. */
export interface ListKey<Row> {
  /** Pattern of valid keys. */
  readonly shape: RegExp;
  readonly of: (row: Row) => string;
}

export const uuidKey = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Pattern of ids of the cloud and of names: any text that PostgreSQL can store. */
export const textKey = /^[^\0]{1,255}$/;

export const byId: ListKey<{ readonly id: string }> = { shape: uuidKey, of: ({ id }) => id };
/** For lists sorted by ids that the cloud chose. */
export const byCloudId: ListKey<{ readonly id: string }> = { shape: textKey, of: ({ id }) => id };

/**
 * One page of a list sorted by a key.
 *
 * @param load gets a limit one higher than the page's, which tells whether there is a next page.
 * @throws {ProblemError} cursor_invalid
 */
export async function listPage<Query extends PageQuery, Row>(
  query: Query,
  key: ListKey<Row>,
  load: (query: Query) => Promise<readonly Row[]>,
): Promise<ListAnswer<Row>> {
  const limit = query.limit + 1;
  const rows = await load({ ...query, limit, cursor: readCursor(query.cursor, key.shape) });
  return toPage(rows, query.limit, key.of);
}

/**
 * One page of a list that is sorted newest first and searches a limited number of rows (`store/sql/keyset.ts`).
 *
 * @throws {ProblemError} cursor_invalid
 */
export async function scanPage<Query extends PageQuery & Range, Row>(
  query: Query,
  load: (query: Omit<Query, keyof Range> & DateRange) => Promise<Page<Row>>,
): Promise<ListAnswer<Row>> {
  const cursor = readCursor(query.cursor, uuidKey);
  const { items, next } = await load({ ...query, ...datesOf(query), cursor });
  return { items, nextCursor: next && encodeCursor(next) };
}

interface Range {
  readonly from?: string | Date;
  readonly to?: string | Date;
}

interface DateRange {
  readonly from?: Date;
  readonly to?: Date;
}

/** The time range of a request. */
export const datesOf = ({ from, to }: Range): DateRange => ({
  from: from === undefined ? undefined : new Date(from),
  to: to === undefined ? undefined : new Date(to),
});

/**
 * The page, with a cursor if there is a next page.
 *
 * @param rows one more than the limit if there is a next page.
 */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
): ListAnswer<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items,
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
}

/** Makes a cursor, which is opaque to clients: the key of the last item. */
export function encodeCursor(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}

/**
 * The key after which the page begins; undefined on the first page.
 *
 * @param shape pattern of the list's keys.
 * @throws {ProblemError} cursor_invalid, for a cursor of another list.
 */
export function readCursor(cursor: string | undefined, shape: RegExp): string | undefined {
  if (cursor === undefined) return undefined;
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!shape.test(key) || encodeCursor(key) !== cursor) {
    throw new ProblemError('cursor_invalid', 'Use the nextCursor of a page of the same list.');
  }
  return key;
}
