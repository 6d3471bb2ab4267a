/** The lines a misconfiguration is refused with: key, where it was set, value, what was expected. */
import { closest } from '../value/closest.ts';
import { expectation } from '../value/value-kind.ts';
import type { Key } from '../value/value-kind.ts';
import { showValue } from '../value/mask.ts';

/** Collects the problems of one layer, such as a file or the whole after layering. */
export interface Report {
  readonly problems: string[];
  /** Where the key at this path was set: a variable's name, a file's path, `default`. */
  readonly origin: (this: void, path: string) => string;
}

export function reportValue(report: Report, path: string, value: unknown, key: Key): void {
  const expected = expectation(value, key);
  if (expected !== undefined) {
    report.problems.push(
      `${path} (${report.origin(path)}): ${showValue(value, key)}: expected ${expected}`,
    );
  }
}

export function reportUnknown(report: Report, path: string, known: readonly string[]): void {
  const near = closest(path.slice(path.lastIndexOf('.') + 1), known);
  const expected =
    near === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${near}?`;
  report.problems.push(`${path} (${report.origin(path)}): unknown key; ${expected}`);
}
