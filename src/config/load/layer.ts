/**
 * Layers the values of a section's keys and checks each: defaults, then the file's, then variables; later ones win.
 *
 * convict does the layering. It would accept an unknown key silently, and fail on a section in the place of a value;
 * `prune` removes both from what it loads.
 */
import convict from 'convict';

import { isKey, isRecord, listKeys, valueAt } from '../value/key.ts';
import type { Key, Section, ValueOf } from '../value/key.ts';
import { valueKinds } from '../value/value-kind.ts';
import { variableOf } from './environment.ts';
import { checkValue, refuse, refuseUnknown } from './problem.ts';
import type { Report } from './problem.ts';

for (const [name, { coerce }] of Object.entries(valueKinds)) {
  // Values are checked after layering, so that every problem gets a line; convict's own check stops at the first.
  convict.addFormat({ name, coerce, validate: () => {} });
}

export interface Layered {
  /** Content of the file, pruned. */
  readonly content: Readonly<Record<string, unknown>>;
  /** Values of environment variables by name. Empty for an item of a list, whose keys have no variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** Prefix of the keys' paths in problems, such as `sources[0].`; empty at the top. */
  readonly prefix: string;
}

/** @returns typed values. They match their type only if no problem was reported. */
export function layer<S extends Section>(section: S, given: Layered, report: Report): ValueOf<S>;
export function layer(
  section: Section,
  { content, variables, prefix }: Layered,
  report: Report,
): unknown {
  const instance = convict<object>(toConvict(section, ''), { env: { ...variables }, args: [] });
  instance.load(content);
  const values = instance.getProperties();
  for (const { path, key } of listKeys(section)) {
    checkValue(report, prefix + path, valueAt(values, path), key);
  }
  return withUndefined(section, values);
}

/** Translates a section into convict's schema, in which an absent value is null. */
function toConvict(section: Section, prefix: string): object {
  return mapSection(section, (name, node) =>
    isKey(node)
      ? {
          doc: node.doc,
          format: node.kind,
          default: node.default ?? null,
          env: variableOf(prefix + name, node),
        }
      : toConvict(node, `${prefix}${name}.`),
  );
}

/** Replaces convict's null of absent values by undefined. */
function withUndefined(section: Section, values: unknown): unknown {
  return mapSection(section, (name, node) => {
    const value = valueAt(values, name);
    return isKey(node) ? (value ?? undefined) : withUndefined(node, value);
  });
}

const mapSection = (
  section: Section,
  change: (name: string, node: Key | Section) => unknown,
): Record<string, unknown> =>
  Object.fromEntries(Object.entries(section).map(([name, node]) => [name, change(name, node)]));

/**
 * Removes from a file's section what cannot be loaded, and reports it; null counts as unset.
 *
 * @param prefix of the keys' paths in problems, such as `sources[0].`; empty at the top.
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
    if (node === undefined) refuseUnknown(report, path, Object.keys(section));
    else if (isKey(node)) {
      // Other values are checked after layering, but convict would not keep an object in a value's place.
      if (isRecord(value)) checkValue(report, path, value, node);
      else if (value !== null) kept[name] = value;
    } else if (isRecord(value)) kept[name] = prune(value, node, `${path}.`, report);
    else if (value !== null) {
      refuse(report, path, `expected a section with ${Object.keys(node).join(', ')}`);
    }
  }
  return kept;
}
