/** Shows rows to people: as tables, and as fields one below the other. */
import { cut, pad, widthOf } from './width.ts';

/** One thing as the API answers it: fields by their names. */
export type Row = Readonly<Record<string, unknown>>;

const gap = '  ';

/**
 * Shows a table with a line of titles, each column as wide as its widest value.
 *
 * @param fields fields of a row, with spaces between them: `id state`.
 * @param width columns of the terminal: where the table is wider, its widest columns are cut, the first one last,
 *   for it names the row. Undefined cuts nothing.
 */
export function showTable(rows: readonly Row[], fields: string, width?: number): string {
  const columns = fields.split(' ');
  const lines = [
    columns.map(field => titleOf(field).toUpperCase()),
    ...rows.map(row => columns.map(field => showField(row[field]))),
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

/** Width that a column keeps when it has to give way; on a still narrower terminal the lines are cut. */
const keptMin = 8;

/** Narrows whichever column is widest until all of them fit. */
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

/** Shows every field on a line of its own, lists and objects below their name. */
export function showFacts(row: Row): string {
  const fields = Object.entries(row).filter(([, value]) => value !== undefined);
  const width = Math.max(...fields.map(([field]) => widthOf(titleOf(field))));
  return fields
    .map(([field, value]) => `${pad(titleOf(field), width)}${gap}${showValue(value, width)}`)
    .join('\n');
}

function showValue(value: unknown, width: number): string {
  const indent = `\n${' '.repeat(width)}${gap}`;
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(showField).join(indent);
  if (isRow(value)) {
    return Object.entries(value)
      .map(([name, inner]) => `${safe(name)}: ${showField(inner)}`)
      .join(indent);
  }
  return showField(value);
}

/** Shows one value in a line. */
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

/** Defuses control characters: events, responses and errors come from strangers and may hold escape sequences. */
export function safe(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, char =>
    char === '\n' ? '⏎' : `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** `payloadUrl` → `payload url`; other names, such as a header's, stay as they are. */
const titleOf = (field: string): string =>
  /^[a-z][A-Za-z]*$/.test(field)
    ? field.replaceAll(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
    : safe(field);

export const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
