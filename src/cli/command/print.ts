/** Prints what commands answer: for people, or as JSON with `--json`. */
import { type CommandContext, isJson, openClient } from '../context.ts';
import type { Query } from '../terminal/client.ts';
import { type Row, showFacts, showTable } from '../terminal/show.ts';

export interface ListRequest {
  readonly path: string;
  readonly query: Query;
  /** Maximum number of rows. Absent where the API does not divide the list into pages. */
  readonly limit?: number;
  /** Fields of a row, in order. */
  readonly columns: readonly string[];
  /** Makes of a row as the API answers it the one of the table. */
  readonly digest?: (row: Row) => Row;
}

/** Reads a list and prints it as a table, or as JSON as it came. */
export async function printList(context: CommandContext, request: ListRequest): Promise<void> {
  const { path, query, limit, columns, digest = row => row } = request;
  const client = await openClient(context);
  const { rows, more } = await client.list(path, query, limit);
  printTable(context, rows, { columns, digest });
  if (more) context.io.err(`There is more: raise --limit above ${rows.length}.`);
}

/** Prints rows as a table, or as JSON as they came. */
export function printTable(
  context: CommandContext,
  rows: readonly Row[],
  { columns, digest }: Pick<ListRequest, 'columns' | 'digest'>,
): void {
  const { io } = context;
  if (isJson(context)) io.out(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) io.err('Nothing found.');
  else
    io.out(
      showTable(
        digest ? rows.map(digest) : rows,
        columns.map(field => ({ field })),
        io.columns,
      ),
    );
}

/** Prints the fields of one thing. @param digest what people see of it; all of it by default. */
export function printRow(context: CommandContext, row: Row, digest: Row = row): void {
  context.io.out(isJson(context) ? JSON.stringify(row, null, 2) : showFacts(digest));
}

/** Says that something was done. @param row JSON that says the same to scripts. */
export function printDone(context: CommandContext, message: string, row: Row): void {
  context.io.out(isJson(context) ? JSON.stringify(row, null, 2) : message);
}
