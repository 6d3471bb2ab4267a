/** Values of options that are read: from standard input, or from a file that the option names. */
import type { Cli } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import type { InputKind } from './definition.ts';
import { readFileOrInput } from './file.ts';

/**
 * @param value as it was typed: a text, or the texts of an option that may be repeated.
 * @returns the field's value; null where an empty text unsets it.
 * @throws {CommandError} for a file that cannot be read, or a header that is none.
 */
export async function readOption(cli: Cli, kind: InputKind, value: unknown): Promise<unknown> {
  switch (kind) {
    case 'text':
    case 'line':
      return value === '-' ? readLineOrText(cli, kind) : value;
    case 'file':
      return typeof value === 'string' && value !== ''
        ? readFileOrInput(cli, value, { outcome: 'usage', code: 'usage_invalid' })
        : emptyAsNull(value);
    case 'headers':
      return Array.isArray(value) ? readHeaders(cli, value.map(String)) : value;
  }
}

/** Whether reading takes what is on standard input. */
export const takesInput = (kind: InputKind, value: unknown): boolean =>
  kind !== 'headers' && value === '-';

const emptyAsNull = (value: unknown): unknown => (value === '' ? null : value);

async function readLineOrText({ io }: Cli, kind: 'text' | 'line'): Promise<string> {
  const text = await io.readInput();
  return kind === 'line' ? text.replace(/\r?\n$/, '') : text;
}

/** `Name: value` each; the value `@file` stands for what the file contains, which no list of processes shows. */
async function readHeaders(
  cli: Cli,
  lines: readonly string[],
): Promise<Readonly<Record<string, string>> | null> {
  if (lines.every(line => line === '')) return null;
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name, value] = /^\s*([^\s:]+)\s*:\s*(.*?)\s*$/s.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new CommandError(`--header ${line.split(':', 1).join()}: expected "Name: value"`, {
        outcome: 'usage',
        code: 'usage_invalid',
      });
    }
    headers[name] = value.startsWith('@') ? await readValue(cli, value.slice(1)) : value;
  }
  return headers;
}

async function readValue(cli: Cli, file: string): Promise<string> {
  return (await readFileOrInput(cli, file, { outcome: 'usage', code: 'usage_invalid' })).trim();
}
