/** Comma-separated values with a header line. Source: RFC 4180. */
import { CommandError } from '../terminal/failure.ts';

/** Parses each line after the header into an object, without its empty values. @throws {CommandError} */
export function parseCsv(text: string): Record<string, string>[] {
  const [names, ...lines] = parseRecords(text.replace(/^\uFEFF/, ''));
  if (names === undefined) return [];
  return lines.map((values, index) => {
    if (values.length !== names.length) {
      throw new CommandError(
        `Line ${index + 2} has ${values.length} values, expected ${names.length}: ${names.join(',')}`,
      );
    }
    const given = names.map((name, at) => [name.trim(), values[at] ?? ''] as const);
    return Object.fromEntries(given.filter(([, value]) => value !== ''));
  });
}

/** A value and what ends it; a quoted one may hold commas, line breaks and doubled quotes. */
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
    // Empty lines are not records.
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  return records;
}
