/** `hookline domain import` and `hookline account import`: rows of a CSV or JSON file. */
import { type CodeDefinition, defineCommand } from '../command/definition.ts';
import { readFileOrInput } from '../command/file.ts';
import { printDone } from '../command/print.ts';
import { openClient } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import { parseCsv } from './csv.ts';

interface ImportDefinition {
  /** `domain` */
  readonly noun: string;
  readonly path: string;
  /** Fields of a row in the file. */
  readonly fields: readonly string[];
}

interface ImportCounts {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}

export const domainFields = ['id', 'name', 'parentId'];
export const accountFields = ['id', 'name', 'domainId', 'kind'];

/** Fields of a list that no import takes; they are dropped, so that a saved list can be imported. */
const derivedFields = ['path', 'origin', 'alias', 'removedAt'];

/** Maximum number of rows that the API takes in one request. */
const itemsMax = 5_000;

export function importCommand(definition: ImportDefinition): CodeDefinition {
  const { noun, path, fields } = definition;
  return defineCommand({
    words: `${noun} import <file>`,
    about: `create and update ${noun}s from a file with ${fields.join(', ')}`,
    arguments: {
      file: 'CSV with a header line, or a JSON array; - reads either from standard input',
    },
    run: async (context, { file }) => {
      const text = await readFileOrInput(context, file);
      const items = readItems(text, file, fields);
      const client = await openClient(context);
      const total = { created: 0, updated: 0, unchanged: 0 };
      for (let start = 0; start < items.length; start += itemsMax) {
        const body = { items: items.slice(start, start + itemsMax) };
        const counts = await client.send<ImportCounts>('POST', path, body);
        total.created += counts.created;
        total.updated += counts.updated;
        total.unchanged += counts.unchanged;
      }
      const { created, updated, unchanged } = total;
      const message = `${created} created, ${updated} updated, ${unchanged} unchanged`;
      printDone(context, message, total);
    },
  });
}

function readItems(text: string, file: string, fields: readonly string[]): readonly object[] {
  const parsed = /^\s*\[/.test(text) ? parseJson(text, file) : parseCsv(text);
  const items = parsed.map(item =>
    Object.fromEntries(Object.entries(item).filter(([name]) => !derivedFields.includes(name))),
  );
  const names = items.flatMap(item => Object.keys(item));
  const unknown = new Set(names.filter(name => !fields.includes(name)));
  if (unknown.size > 0) {
    throw new CommandError(
      `${file}: ${[...unknown].join(', ')} is not known; expected ${fields.join(', ')}`,
    );
  }
  if (items.length === 0) throw new CommandError(`${file}: nothing to import`);
  return items;
}

function parseJson(text: string, file: string): readonly object[] {
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed) && parsed.every(item => typeof item === 'object' && item !== null))
      return parsed;
  } catch (cause) {
    throw new CommandError(`${file}: ${cause instanceof Error ? cause.message : 'not JSON'}`, {
      cause,
    });
  }
  throw new CommandError(`${file}: expected a JSON array of objects`);
}
