/** Comma-separated values with a line of names on top. Source: RFC 4180. */
import { CommandError } from '../terminal/failure.ts';

/** One object for each line after the first; an empty value is absent. */
export function parseCsv(text: string): Record<string, string>[] {
  const [names, ...lines] = parseRecords(text.replace(/^\uFEFF/, ''));
  if (names === undefined) return [];
  return lines.map((values, index) => {
    if (values.length !== names.length) {
      throw new CommandError(
        `Line ${index + 2} has ${values.length} values, expected ${names.length}: ${names.join(',')}`,
      );
    }
    const given = names.map((name, place) => [name.trim(), values[place] ?? ''] as const);
    return Object.fromEntries(given.filter(([, value]) => value !== ''));
  });
}

/** A quoted value may hold commas, line breaks and doubled quotes. */
const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function parseRecords(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  field.lastIndex = 0;
  while (field.lastIndex < text.length || record.length > 0) {
    const at = field.lastIndex;
    const match = field.exec(text);
    if (match === null)
      throw new CommandError(`Character ${at + 1} is not part of any value: a quote is missing`);
    const [, quoted, plain, end] = match;
    record.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === ',') continue;
    // A line without anything on it is no record.
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  return records;
}
