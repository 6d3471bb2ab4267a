/** `--watch`: prints what comes to a list as it comes, until Ctrl-C. */
import { setTimeout as wait } from 'node:timers/promises';

import type { Command } from 'commander';

import { clientFor, sharedOptions, type ListRequest } from '../context.ts';
import type { Cli } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import { showTable } from '../terminal/show.ts';
import type { Row } from '../terminal/show.ts';
import { createTail, type News } from './tail.ts';

export interface WatchRequest extends ListRequest {
  readonly markOf: (row: Row) => string;
  readonly intervalMs: number;
}

const pageSize = 200;
const pagesMax = 10;
const rowsMax = 20_000;
/** While Hookline is away it is asked less and less often. */
const waitMsMax = 30_000;

export async function watchList(cli: Cli, command: Command, request: WatchRequest): Promise<void> {
  const signal = cli.io.interruption();
  const client = await clientFor(cli, command);
  const { path, query, limit, intervalMs, markOf } = request;
  const read = createTail({
    readPage: async cursor => {
      const page = await client.get(path, { ...query, limit: pageSize, cursor });
      const { items, nextCursor } = page;
      return {
        rows: Array.isArray(items) ? items : [],
        next: typeof nextCursor === 'string' ? nextCursor : undefined,
      };
    },
    markOf,
    pagesMax,
    rowsMax,
  });
  const print = createPrinter(cli, command, request);
  let isFirst = true;
  let waitMs = intervalMs;
  while (!signal.aborted) {
    const news = await readOrSay(cli, read, waitMs > intervalMs);
    if (news) {
      if (waitMs > intervalMs) cli.io.err('Hookline answers again.');
      print(isFirst ? news.rows.slice(-limit) : news.rows);
      if (news.isCut && !isFirst) cli.io.err('… more came at once than is shown here.');
      isFirst = false;
    }
    waitMs = news ? intervalMs : Math.min(waitMsMax, Math.max(waitMs, intervalMs) * 2);
    // Interrupted: the end is what was asked for.
    await wait(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Undefined while nobody answers, which is said once. @throws {CommandError} for what waiting does not help. */
async function readOrSay(
  { io }: Cli,
  read: () => Promise<News>,
  isSaid: boolean,
): Promise<News | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CommandError) || error.outcome !== 'away') throw error;
    if (!isSaid) io.err(`${error.message}\nTrying again until it answers; Ctrl-C ends.`);
    return undefined;
  }
}

/** In JSON one object a line. A table's columns are as wide as the widest value so far. */
function createPrinter(
  { io }: Cli,
  command: Command,
  { columns, digest = row => row }: ListRequest,
): (rows: readonly Row[]) => void {
  if (sharedOptions(command).json === true) {
    return rows => {
      for (const row of rows) io.out(JSON.stringify(row));
    };
  }
  let shown: readonly Row[] = [];
  let title = '';
  return rows => {
    if (rows.length === 0) return;
    // With the last rows, so that the columns stay where they are as long as nothing is wider.
    const [head = '', ...lines] = showTable(
      [...shown, ...rows.map(digest)],
      columns,
      io.columns,
    ).split('\n');
    if (head !== title) io.out(head);
    title = head;
    for (const line of lines.slice(shown.length)) io.out(line);
    shown = [...shown, ...rows.map(digest)].slice(-pageSize);
  };
}
