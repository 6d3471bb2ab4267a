/**
 * What is new in a list that is read again and again, newest first, and what has changed in it; pure but for the
 * reading. No clock is asked: ids rise with time, and what lies below the first reading is past.
 */
import type { Row } from '../terminal/show.ts';

/** A page of the list, newest first, and where the next one begins. */
export type ReadPage = (cursor: string | undefined) => Promise<{
  readonly rows: readonly Row[];
  readonly next: string | undefined;
}>;

export interface TailOptions {
  readonly readPage: ReadPage;
  /** What of a row may change: another mark makes it news. */
  readonly markOf: (row: Row) => string;
  /** Pages read at most each time. */
  readonly pagesMax: number;
  /** Rows kept in mind; older ones are past. */
  readonly rowsMax: number;
}

export interface News {
  /** Oldest first. */
  readonly rows: readonly Row[];
  /** More came than were read. */
  readonly isCut: boolean;
}

/** The function it makes reads once more. The first time, everything on the first page is news. */
export function createTail(options: TailOptions): () => Promise<News> {
  const seen = new Map<string, string>();
  let floor: string | undefined;

  return async () => {
    const fresh: Row[] = [];
    let cursor: string | undefined;
    let isCut = false;
    for (let pages = 1; ; pages += 1) {
      const { rows, next } = await options.readPage(cursor);
      // What is below the first page there ever was, is past.
      floor ??= next === undefined ? '' : idOf(rows.at(-1));
      const news = rows.filter(row => isNews(row));
      fresh.push(...news);
      const isAtEnd = next === undefined || news.length === 0 || idOf(rows.at(-1)) < floor;
      isCut = !isAtEnd && pages === options.pagesMax;
      if (isAtEnd || isCut) break;
      cursor = next;
    }
    for (const row of fresh) seen.set(idOf(row), options.markOf(row));
    forget();
    return { rows: fresh.toReversed(), isCut };
  };

  function isNews(row: Row): boolean {
    const id = idOf(row);
    return id >= (floor ?? '') && seen.get(id) !== options.markOf(row);
  }

  function forget(): void {
    if (seen.size <= options.rowsMax) return;
    const ids = [...seen.keys()].toSorted();
    const kept = ids.slice(-Math.ceil(options.rowsMax / 2));
    for (const id of ids.slice(0, ids.length - kept.length)) seen.delete(id);
    floor = kept[0];
  }
}

function idOf(row: Row | undefined): string {
  const id = row?.['id'];
  return typeof id === 'string' ? id : '';
}
