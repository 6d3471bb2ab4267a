/** The definition of a configuration key, from which its type, its check and its documentation follow. */
import { valueKinds } from './value-kind.ts';
import type { KindName, Limits, ValueOfKind } from './value-kind.ts';

interface KeyOfKind<N extends KindName> extends Limits {
  /** Description in sentences, for the reference. */
  readonly doc: string;
  readonly kind: N;
  /** Unit of a number, such as `ms`. */
  readonly unit?: string;
  readonly default?: ValueOfKind<N>;
  /** Marks a key without a default that may be unset; its value is undefined then. */
  readonly optional?: true;
  /** Environment variable, if it is not the one that follows from the path, as HOOKLINE_HTTP_PORT from `http.port`. */
  readonly variable?: string;
  /** Marks a secret, which is masked wherever it is shown. */
  readonly sensitive?: true;
}

export type Key = { readonly [N in KindName]: KeyOfKind<N> }[KindName];

/** A tree of keys. */
export interface Section {
  readonly [name: string]: Key | Section;
}

/** The type of a key's value, or of the tree of a section's values. */
export type ValueOf<S> = S extends { readonly kind: infer N extends KindName }
  ? KeyValue<S, N> | (S extends { readonly optional: true } ? undefined : never)
  : { readonly [P in keyof S]: ValueOf<S[P]> };

type KeyValue<K, N extends KindName> = K extends { readonly words: readonly (infer W)[] }
  ? W
  : ValueOfKind<N>;

/** Describes the valid values of a key, such as `a whole number from 0 to 65535`. */
export function expectedOf(key: Key): string {
  return valueKinds[key.kind].expected(key);
}

/** Whether a key may have this value; null means that it has none. */
export function accepts(key: Key, value: unknown): boolean {
  return value === null ? key.optional === true : valueKinds[key.kind].accepts(value, key);
}

export function isKey(node: Key | Section): node is Key {
  return typeof node['kind'] === 'string';
}

/** Lists the keys below a section with their dotted paths, in the order of their definition. */
export function listKeys(section: Section, prefix = ''): { path: string; key: Key }[] {
  return Object.entries(section).flatMap(([name, node]) =>
    isKey(node) ? [{ path: prefix + name, key: node }] : listKeys(node, `${prefix}${name}.`),
  );
}

/** The value at a dotted path, or undefined when there is none. */
export function valueAt(tree: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((node, name) => (isRecord(node) ? node[name] : undefined), tree);
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
