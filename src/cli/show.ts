/** How rows are shown to people: tables, and facts one below the other. */

/** What the API answers for one thing; only its fields' names are known here. */
export type Row = Readonly<Record<string, unknown>>;

/** A field and what it is called, when that is not its name. */
export interface Column {
  readonly field: string;
  readonly title?: string;
}

const gap = '  ';

/**
 * A table with a line of titles, each column as wide as its widest value.
 *
 * @param width cuts every line to this many columns; undefined cuts nothing.
 */
export function showTable(
  rows: readonly Row[],
  columns: readonly Column[],
  width?: number,
): string {
  const lines = [
    columns.map(({ field, title }) => (title ?? titleOf(field)).toUpperCase()),
    ...rows.map(row => columns.map(({ field }) => showField(row[field]))),
  ];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map(line => lengthOf(line[index] ?? ''))),
  );
  return lines
    .map(line =>
      line
        .map((cell, index) => pad(cell, widths[index] ?? 0))
        .join(gap)
        .trimEnd(),
    )
    .map(line => (width === undefined ? line : cut(line, width)))
    .join('\n');
}

/** Every field on a line of its own; lists and objects below their name. */
export function showFacts(row: Row): string {
  const fields = Object.entries(row).filter(([, value]) => value !== undefined);
  const width = Math.max(...fields.map(([field]) => titleOf(field).length));
  return fields
    .map(([field, value]) => `${pad(titleOf(field), width)}${gap}${showFact(value, width)}`)
    .join('\n');
}

function showFact(value: unknown, width: number): string {
  const indent = `\n${' '.repeat(width)}${gap}`;
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(showField).join(indent);
  if (isRow(value)) {
    return Object.entries(value)
      .map(([name, inner]) => `${safe(name)}: ${showField(inner)}`)
      .join(indent);
  }
  return showField(value);
}

/** One value in a line. */
export function showField(value: unknown): string {
  if (typeof value === 'string') return safe(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value) && value.length > 0) return value.map(showField).join(',');
  if (!isRow(value)) return '–';
  return Object.entries(value)
    .map(([name, inner]) => `${safe(name)}=${showField(inner)}`)
    .join(' ');
}

/** Events, responses and errors come from strangers: an escape sequence among them must not reach the terminal. */
function safe(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, char =>
    char === '\n' ? '⏎' : `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** `payloadUrl` → `payload url`. */
const titleOf = (field: string): string =>
  safe(field).replaceAll(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);

const lengthOf = (text: string): number => Array.from(text).length;

const pad = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - lengthOf(text)));

function cut(line: string, width: number): string {
  const chars = Array.from(line);
  return chars.length <= width ? line : `${chars.slice(0, width - 1).join('')}…`;
}

export const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
