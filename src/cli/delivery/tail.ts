/**
 * What is new in a list that is read again and again, newest first, and which of its rows have changed; pure but for
 * the reading. It needs no clock: ids rise with time, and rows below the first page read are past.
 */

/** A row of the list, whose ids rise with time. */
export interface TailRow {
  readonly id: string;
}

/** Reads a page, newest first. @returns `next`, the cursor of the page after it. */
export type ReadPage<Item extends TailRow> = (cursor: string | undefined) => Promise<{
  readonly rows: readonly Item[];
  readonly next: string | undefined;
}>;

export interface TailOptions<Item extends TailRow> {
  readonly readPage: ReadPage<Item>;
  /** Text of everything in a row that may change; a row whose text differs from the last one is news. */
  readonly markOf: (row: Item) => string;
  /** Maximum number of pages of one reading. */
  readonly pagesMax: number;
  /** Maximum number of rows remembered; older ones are past. */
  readonly rowsMax: number;
}

export interface News<Item extends TailRow> {
  /** Oldest first. */
  readonly rows: readonly Item[];
  /** There are more new rows than were read. */
  readonly isCut: boolean;
}

/** @returns a function that reads once more. The first time everything on the first page is news. */
export function createTail<Item extends TailRow>(
  options: TailOptions<Item>,
): () => Promise<News<Item>> {
  const seen = new Map<string, string>();
  let floor: string | undefined;

  return async () => {
    const fresh: Item[] = [];
    let cursor: string | undefined;
    let isCut = false;
    for (let pages = 1; ; pages += 1) {
      const { rows, next } = await options.readPage(cursor);
      const oldest = rows.at(-1)?.id ?? '';
      // Rows below the first page that was ever read are past.
      floor ??= next === undefined ? '' : oldest;
      const news = rows.filter(row => isNews(row));
      fresh.push(...news);
      const isAtEnd = next === undefined || news.length === 0 || oldest < floor;
      isCut = !isAtEnd && pages === options.pagesMax;
      if (isAtEnd || isCut) break;
      cursor = next;
    }
    for (const row of fresh) seen.set(row.id, options.markOf(row));
    forget();
    return { rows: fresh.toReversed(), isCut };
  };

  function isNews(row: Item): boolean {
    return row.id >= (floor ?? '') && seen.get(row.id) !== options.markOf(row);
  }

  function forget(): void {
    if (seen.size <= options.rowsMax) return;
    const ids = [...seen.keys()].toSorted();
    const kept = ids.slice(-Math.ceil(options.rowsMax / 2));
    for (const id of ids.slice(0, ids.length - kept.length)) seen.delete(id);
    floor = kept[0];
  }
}
