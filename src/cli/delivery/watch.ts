/** `--watch`: prints new and changed rows of a list until Ctrl-C. */
import { setTimeout as wait } from 'node:timers/promises';

import type { ListRequest } from '../command/print.ts';
import { type CommandContext, isJson, openClient } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import { type Row, showTable } from '../terminal/show.ts';
import { createTail, type TailOptions, type TailRow } from './tail.ts';

export interface WatchRequest<Item extends TailRow> extends ListRequest<Item> {
  readonly digest: (row: Item) => Row;
  readonly markOf: TailOptions<Item>['markOf'];
  /** Rows that are printed at the beginning. */
  readonly limit: number;
  readonly intervalMs: number;
}

const pageSize = 200;
const pagesMax = 10;
const rowsMax = 20_000;
/** Longest wait between two reads while Hookline cannot be reached. */
const waitMsMax = 30_000;

export async function watchList<Item extends TailRow>(
  context: CommandContext,
  request: WatchRequest<Item>,
): Promise<void> {
  const { io } = context;
  const signal = io.interruption();
  const client = await openClient(context);
  const { path, query, limit, intervalMs, markOf } = request;
  const read = createTail({
    readPage: async cursor => {
      const page = await client.get<{ items: readonly Item[]; nextCursor: string | null }>(path, {
        ...query,
        limit: pageSize,
        cursor,
      });
      return { rows: page.items, next: page.nextCursor ?? undefined };
    },
    markOf,
    pagesMax,
    rowsMax,
  });
  const print = createPrinter(context, request);
  let isFirst = true;
  let waitMs = intervalMs;
  while (!signal.aborted) {
    const isAway = waitMs > intervalMs;
    const news = await unlessAway(read, message => {
      if (!isAway) io.err(`${message}\nTrying again until it answers; Ctrl-C ends.`);
    });
    if (news) {
      if (isAway) io.err('Hookline answers again.');
      print(isFirst ? news.rows.slice(-limit) : news.rows);
      if (news.isCut && !isFirst) io.err('… more came at once than is shown here.');
      isFirst = false;
    }
    waitMs = news ? intervalMs : Math.min(waitMsMax, Math.max(waitMs, intervalMs) * 2);
    // Ctrl-C is the ordinary end.
    await wait(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** @returns undefined while Hookline cannot be reached. @throws {CommandError} where waiting does not help. */
async function unlessAway<Answer>(
  read: () => Promise<Answer>,
  report: (message: string) => void,
): Promise<Answer | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CommandError) || error.outcome !== 'away') throw error;
    report(error.message);
    return undefined;
  }
}

/** Prints JSON as one object a line, and a table whose columns are as wide as the widest value so far. */
function createPrinter<Item extends TailRow>(
  context: CommandContext,
  { columns, digest }: WatchRequest<Item>,
): (rows: readonly Item[]) => void {
  const { io } = context;
  if (isJson(context)) {
    return rows => {
      for (const row of rows) io.out(JSON.stringify(row));
    };
  }
  let shown: readonly Row[] = [];
  let title = '';
  return rows => {
    if (rows.length === 0) return;
    const fresh = rows.map(digest);
    // Laid out together with the last rows: columns move only where a new value is wider.
    const [head = '', ...lines] = showTable([...shown, ...fresh], columns, io.columns).split('\n');
    if (head !== title) io.out(head);
    title = head;
    for (const line of lines.slice(shown.length)) io.out(line);
    shown = [...shown, ...fresh].slice(-pageSize);
  };
}
