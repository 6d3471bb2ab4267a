/**
 * Refuses what the schema does not know, and leaves what convict may load.
 *
 * convict would take an unknown key without a word, and stumble over a section where a value belongs.
 */
import type { Key, Section } from '../value/value-kind.ts';
import { reportUnknown, reportValue } from './problem.ts';
import type { Report } from './problem.ts';

/**
 * The keys of a file's section that can be used; a null leaves its key unset.
 *
 * @param prefix of the keys in problems, such as `sources[0].`; empty at the top.
 */
export function prune(
  content: Readonly<Record<string, unknown>>,
  section: Section,
  prefix: string,
  report: Report,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(content)) {
    const node = Object.hasOwn(section, name) ? section[name] : undefined;
    const path = prefix + name;
    if (node === undefined) reportUnknown(report, path, Object.keys(section));
    else if (isKey(node)) {
      // Values are checked after layering, but an object in a value's place would not survive convict's overlay.
      if (isRecord(value)) reportValue(report, path, value, node);
      else if (value !== null) kept[name] = value;
    } else if (isRecord(value)) kept[name] = prune(value, node, `${path}.`, report);
    else if (value !== null) {
      report.problems.push(
        `${path} (${report.origin(path)}): expected a section with ${Object.keys(node).join(', ')}`,
      );
    }
  }
  return kept;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function isKey(node: Key | Section): node is Key {
  return typeof node['doc'] === 'string';
}

/** Every key below a section with its dotted path, in the order of the schema. */
export function listKeys(section: Section, prefix = ''): { path: string; key: Key }[] {
  return Object.entries(section).flatMap(([name, node]) =>
    isKey(node) ? [{ path: prefix + name, key: node }] : listKeys(node, `${prefix}${name}.`),
  );
}

/** The value at a dotted path, or undefined. */
export function valueAt(tree: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((node, name) => (isRecord(node) ? node[name] : undefined), tree);
}
