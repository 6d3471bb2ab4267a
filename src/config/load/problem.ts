/** The lines that a misconfiguration is refused with: key, where it was set, value, what was expected. */
import { closest } from '../value/closest.ts';
import { accepts, expectedOf } from '../value/key.ts';
import type { Key } from '../value/key.ts';
import { showValue } from '../value/mask.ts';

/** Collects problems, with the origin of keys in one layer: the file, or all layers together. */
export interface Report {
  readonly problems: string[];
  /** Where the key at this path was set: a variable's name, a file's path, `default`. */
  readonly origin: (this: void, path: string) => string;
}

/** Adds a line about a key. @param problem in words, such as `null: expected a token`. */
export function refuse({ problems, origin }: Report, path: string, problem: string): void {
  problems.push(`${path} (${origin(path)}): ${problem}`);
}

/** Refuses a value that its key does not accept; null means absent. */
export function checkValue(report: Report, path: string, value: unknown, key: Key): void {
  if (accepts(key, value)) return;
  refuse(report, path, `${showValue(value, key)}: expected ${expectedOf(key)}`);
}

/** Refuses a key that does not exist, and suggests the nearest one. @param known names in the same section. */
export function refuseUnknown(report: Report, path: string, known: readonly string[]): void {
  const near = closest(path.slice(path.lastIndexOf('.') + 1), known);
  const expected =
    near === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${near}?`;
  refuse(report, path, `unknown key; ${expected}`);
}
