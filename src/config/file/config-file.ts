/** Finds and reads the configuration file. */
import { existsSync, readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';

import { parse } from 'yaml';

import { isRecord } from '../value/key.ts';

export interface ConfigFile {
  readonly path: string;
  readonly content: Record<string, unknown>;
}

/** Default paths of the configuration file, below the working directory. */
export const defaultFiles = ['config/hookline.yaml', 'config/hookline.yml', 'config/hookline.json'];

/**
 * Reads the named file, else the one at a default path; undefined when there is neither.
 *
 * @param problems gets a line when the file cannot be used.
 */
export function readConfigFile(
  named: string | undefined,
  cwd: string,
  problems: string[],
): ConfigFile | undefined {
  const found =
    named === undefined
      ? defaultFiles.map(path => join(cwd, path)).filter(path => existsSync(path))
      : [resolve(cwd, named)];
  const [path, second] = found;
  if (path === undefined) return undefined;
  if (second !== undefined) {
    problems.push(
      `${found.join(', ')}: expected one configuration file; remove the others or name one`,
    );
    return undefined;
  }
  try {
    return { path, content: parseFile(path, readFileSync(path, 'utf8')) };
  } catch (error) {
    problems.push(`${path}: ${firstLine(error)}`);
    return undefined;
  }
}

function parseFile(path: string, text: string): Record<string, unknown> {
  const content = parserFor(path)(text);
  // An empty file, or one of comments alone, configures nothing.
  if (content === null || content === undefined) return {};
  if (!isRecord(content)) throw new Error('expected keys and values at the top');
  return content;
}

function parserFor(path: string): (text: string) => unknown {
  switch (extname(path)) {
    case '.json':
      return text => (text.trim() === '' ? null : JSON.parse(text));
    case '.yaml':
    case '.yml':
      return text => parse(text);
    default:
      throw new Error('expected a file that ends in .yaml, .yml or .json');
  }
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
