/** How rows are shown to people: tables, and facts one below the other. */

import { cut, pad, widthOf } from './width.ts';

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
 * @param width columns of the terminal: where the table is wider, its widest columns are cut, the first one last,
 *   for it names the row. Undefined cuts nothing.
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
  const needed = columns.map((_, index) =>
    Math.max(...lines.map(line => widthOf(line[index] ?? ''))),
  );
  const widths = width === undefined ? needed : fit(needed, width);
  return lines
    .map(line =>
      line
        .map((cell, index) => pad(cut(cell, widths[index] ?? 0), widths[index] ?? 0))
        .join(gap)
        .trimEnd(),
    )
    .map(line => (width === undefined ? line : cut(line, width).replace(/…+$/, '…')))
    .join('\n');
}

/** A column that has to give way keeps so much; what is left of a narrower terminal is cut off the lines. */
const keptMin = 8;

/** Takes from whichever column is widest until all of them fit. */
function fit(needed: readonly number[], width: number): readonly number[] {
  const widths = [...needed];
  let over = widths.reduce((sum, one) => sum + one + gap.length, -gap.length) - width;
  while (over > 0) {
    const [, ...others] = widths;
    const widest = Math.max(...others, keptMin);
    const at = widest > keptMin ? widths.indexOf(widest, 1) : -1;
    if (at === -1) break;
    const next = Math.max(keptMin, ...others.filter(one => one < widest));
    const less = Math.min(over, Math.max(1, widest - next));
    widths[at] = widest - less;
    over -= less;
  }
  return widths;
}

/** Every field on a line of its own; lists and objects below their name. */
export function showFacts(row: Row): string {
  const fields = Object.entries(row).filter(([, value]) => value !== undefined);
  const width = Math.max(...fields.map(([field]) => widthOf(titleOf(field))));
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
export function safe(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, char =>
    char === '\n' ? '⏎' : `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** `payloadUrl` → `payload url`; what is no field's name, such as a header's, stays as it is. */
const titleOf = (field: string): string =>
  /^[a-z][A-Za-z]*$/.test(field)
    ? field.replaceAll(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
    : safe(field);

export const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
