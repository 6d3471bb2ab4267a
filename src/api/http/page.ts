/** Keyset paging: `?limit=&cursor=` in, `{ items, nextCursor }` out. */
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
  if (query.cursor === undefined) return {};
  const key = Buffer.from(query.cursor, 'base64url').toString('utf8');
  if (!shape.test(key) || encodeCursor(key) !== query.cursor) {
    throw new ProblemError('cursor_invalid', 'Take the cursor from nextCursor of the same list.');
  }
  return { cursor: key };
}

export const uuidKey = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Ids of the cloud and names: any text PostgreSQL can hold. */
export const textKey = /^[^\0]{1,255}$/;

/**
 * The page of rows that were asked for one beyond the limit, so that the last page is known for what it is.
 *
 * @param keyOf the key the list runs along.
 */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
  present: (row: Row) => Item,
): ListAnswer<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(present),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
}
