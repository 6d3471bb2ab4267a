/** Looks into parsed JSON that may have any shape. */
import { isObject } from './json.ts';

/** The value at a dotted path of keys; undefined where there is none. `__proto__` and its like are keys as any other. */
export function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split('.')) {
    found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}

/** Finds the first text or number at these paths; an empty text is none. */
export function firstName(value: unknown, paths: readonly string[]): string | number | undefined {
  for (const path of paths) {
    const found = at(value, path);
    if (typeof found === 'number' || (typeof found === 'string' && found !== '')) return found;
  }
  return undefined;
}

/** Finds the text at a path, unless it is empty. */
export function textAt(value: unknown, path: string): string | undefined {
  const found = at(value, path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** Finds the first text at these paths that is not empty. */
export function firstText(value: unknown, paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const found = textAt(value, path);
    if (found !== undefined) return found;
  }
  return undefined;
}
