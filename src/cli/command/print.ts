/** Prints what commands answer: for people, or as JSON with `--json`. */
import { type CommandContext, isJson, openClient } from '../context.ts';
import type { Query } from '../terminal/client.ts';
import { type Row, showFacts, showTable } from '../terminal/show.ts';

/** @typeParam Item what `digest` reads of a row as the API answers it. */
export interface ListRequest<Item extends object = Row> extends TableOptions<Item> {
  readonly path: string;
  readonly query: Query;
  /** Maximum number of rows. Absent where the API does not divide the list into pages. */
  readonly limit?: number;
}

export interface TableOptions<Item extends object> {
  /** Fields of a row, with spaces between them. */
  readonly columns: string;
  /** Turns a row of the answer into one of the table. */
  readonly digest?: (row: Item) => Row;
  /** Message where there are no rows. */
  readonly empty?: string;
}

/** Reads a list and prints it. */
export async function printList<Item extends object>(
  context: CommandContext,
  request: ListRequest<Item>,
): Promise<void> {
  const { path, query, limit } = request;
  const client = await openClient(context);
  const { rows, more } = await client.list<Item>(path, query, limit);
  printTable(context, rows, request);
  if (more) context.io.err(`There is more: raise --limit above ${rows.length}.`);
}

/** Prints rows as a table, or as JSON as they came. */
export function printTable<Item extends object>(
  context: CommandContext,
  rows: readonly Item[],
  { columns, digest = toRow, empty = 'Nothing found.' }: TableOptions<Item>,
): void {
  const { io } = context;
  if (isJson(context)) io.out(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) io.err(empty);
  else io.out(showTable(rows.map(digest), columns, io.columns));
}

const toRow = (item: object): Row => Object.fromEntries(Object.entries(item));

/** Prints the fields of one thing. @param digest the fields that people see; all of them when absent. */
export function printRow(context: CommandContext, row: Row, digest: Row = row): void {
  // People have read the warnings by then.
  const { warnings: _, ...facts } = digest;
  context.io.out(isJson(context) ? JSON.stringify(row, null, 2) : showFacts(facts));
}

/** Says that something was done. @param row JSON that says the same to scripts. */
export function printDone(context: CommandContext, message: string, row: Row): void {
  context.io.out(isJson(context) ? JSON.stringify(row, null, 2) : message);
}
