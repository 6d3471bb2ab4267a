/** Reads files that are named on the command line. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { Cli } from '../context.ts';
import { CommandError, type CommandErrorOptions } from '../terminal/failure.ts';

/**
 * @param name relative to the working directory; `-` is standard input.
 * @param options of the error where the file cannot be read.
 * @throws {CommandError}
 */
export async function readFileOrInput(
  { io, environment }: Cli,
  name: string,
  options: CommandErrorOptions = {},
): Promise<string> {
  if (name === '-') return io.readInput();
  const path = resolve(environment.cwd, name);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CommandError(`${path} cannot be read`, { ...options, cause });
  }
}
