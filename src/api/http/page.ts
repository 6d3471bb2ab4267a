/** Keyset paging: `?limit=&cursor=` in, `{ items, nextCursor }` out. */
import type { Page } from '../../store/sql/keyset.ts';
import { ProblemError } from './problem.ts';

export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string;
}

export interface ListAnswer<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export const pageQuery = {
  limit: { type: 'integer', minimum: 1, maximum: 500, default: 50, description: 'Items at most.' },
  cursor: { type: 'string', maxLength: 1_000, description: '`nextCursor` of the page before.' },
} as const;

/** The schema of a list's answer. @param item `$id` of the items' schema. */
export const listOf = (item: string, description: string) => ({
  description,
  type: 'object',
  required: ['items', 'nextCursor'],
  properties: {
    items: { type: 'array', items: { $ref: `${item}#` } },
    nextCursor: {
      type: ['string', 'null'],
      description: 'Pass as `cursor` for the next page; null on the last one.',
    },
  },
});

/** Cursors are opaque: today the key of the last item. */
export function encodeCursor(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}

/**
 * The key to go on after; nothing on the first page.
 *
 * @param shape what keys of this list look like.
 * @throws {ProblemError} for a cursor that is none of this list's.
 */
export function decodeCursor(query: PageQuery, shape: RegExp): { cursor?: string } {
  const cursor = readCursor(query.cursor, shape);
  return cursor === undefined ? {} : { cursor };
}

/** The key to go on after; undefined on the first page. @throws {ProblemError} cursor_invalid */
export function readCursor(cursor: string | undefined, shape: RegExp): string | undefined {
  if (cursor === undefined) return undefined;
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!shape.test(key) || encodeCursor(key) !== cursor) {
    throw new ProblemError('cursor_invalid', 'Take the cursor from nextCursor of the same list.');
  }
  return key;
}

export const uuidKey = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Ids of the cloud and names: any text PostgreSQL can hold. */
export const textKey = /^[^\0]{1,255}$/;

/** What a list runs along. */
export interface ListKey<Row> {
  /** What keys of this list look like. */
  readonly shape: RegExp;
  readonly of: (row: Row) => string;
}

export const byId: ListKey<{ readonly id: string }> = { shape: uuidKey, of: ({ id }) => id };
/** Ids that the cloud chose. */
export const byCloudId: ListKey<{ readonly id: string }> = { shape: textKey, of: ({ id }) => id };

/**
 * One page of a list that runs along a key.
 *
 * @param load is asked for one row more than the page holds, so that the last page is known for what it is.
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
 * One page of a list that runs backwards in time and looks at a bounded number of rows (`store/sql/keyset.ts`).
 *
 * @throws {ProblemError} cursor_invalid
 */
export async function scanPage<Query extends PageQuery & Range, Row>(
  query: Query,
  load: (query: Omit<Query, keyof Range> & DateRange) => Promise<Page<Row>>,
): Promise<ListAnswer<Row>> {
  const { items, next } = await load({
    ...query,
    ...datesOf(query),
    cursor: readCursor(query.cursor, uuidKey),
  });
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

/** The instants of a request. */
export const datesOf = ({ from, to }: Range): DateRange => ({
  from: from === undefined ? undefined : new Date(from),
  to: to === undefined ? undefined : new Date(to),
});

/**
 * The page of rows that were asked for one beyond the limit, so that the last page is known for what it is.
 *
 * @param keyOf the key the list runs along.
 */
export function toPage<Row, Item = Row>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
  present?: (row: Row) => Item,
): ListAnswer<Item>;
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
  present: (row: Row) => unknown = row => row,
): ListAnswer<unknown> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(present),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
}
