/** One key of the configuration, stated once: its type, its check and its documentation all follow from it. */
import { valueKinds } from './value-kind.ts';
import type { KindName, Limits, ValueOfKind } from './value-kind.ts';

interface KeyOfKind<N extends KindName> extends Limits {
  /** Sentences for the reference. */
  readonly doc: string;
  readonly kind: N;
  /** The unit of a number, such as `ms`. */
  readonly unit?: string;
  readonly default?: ValueOfKind<N>;
  /** The key may be left out: without a default its value is undefined then. */
  readonly optional?: true;
  /** The environment variable, where it is not the one that follows from the path, as `HOOKLINE_HTTP_PORT` does. */
  readonly variable?: string;
  /** The value is masked wherever it is shown. */
  readonly sensitive?: true;
}

export type Key = { readonly [N in KindName]: KeyOfKind<N> }[KindName];

/** A tree of keys. */
export interface Section {
  readonly [name: string]: Key | Section;
}

/** The values of a key or of a section; an optional key's may be undefined. */
export type ValueOf<S> = S extends { readonly kind: infer N extends KindName }
  ? KeyValue<S, N> | (S extends { readonly optional: true } ? undefined : never)
  : { readonly [P in keyof S]: ValueOf<S[P]> };

type KeyValue<K, N extends KindName> = K extends { readonly words: readonly (infer W)[] }
  ? W
  : ValueOfKind<N>;

/** What a value of this key must be: `a whole number from 0 to 65535`. */
export function expectedOf(key: Key): string {
  return valueKinds[key.kind].expected(key);
}

/** Whether the value, or with null its absence, is one that this key may have. */
export function accepts(key: Key, value: unknown): boolean {
  return value === null ? key.optional === true : valueKinds[key.kind].accepts(value, key);
}

export function isKey(node: Key | Section): node is Key {
  return typeof node['kind'] === 'string';
}

/** Every key below a section with its dotted path, in the order they are stated. */
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

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
