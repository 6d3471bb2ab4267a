/**
 * Writes JSON the way CloudStack does: Gson's text of a `java.util.HashMap`, the keys in that map's order.
 *
 * Source: OpenJDK `java.lang.String.hashCode`, `java.util.HashMap.hash` and `resize`; Gson `JsonWriter` (HTML-safe) and
 * its default of leaving nulls out.
 */

/** A Java map: what is undefined is absent. */
export interface JavaMap {
  readonly [key: string]: string | JavaMap | undefined;
}

const initialCapacity = 16;
const loadFactor = 0.75;

/** @example writeBody({ event: 'VM.START', account: undefined, description: 'a = b' }) */
export function writeBody(map: JavaMap): string {
  const present = Object.entries(map).filter(([, value]) => value !== undefined);
  const members = inHashOrder(present).map(([key, value]) => {
    const text = typeof value === 'object' ? writeBody(value) : writeString(value ?? '');
    return `${writeString(key)}:${text}`;
  });
  return `{${members.join()}}`;
}

/** By bucket, and within one in the order they were put in. */
function inHashOrder<T>(entries: [string, T][]): [string, T][] {
  let capacity = initialCapacity;
  while (entries.length > capacity * loadFactor) capacity *= 2;
  const bucket = (key: string): number => spread(hashCode(key)) & (capacity - 1);
  return entries.toSorted(([left], [right]) => bucket(left) - bucket(right));
}

function hashCode(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  }
  return hash;
}

function spread(hash: number): number {
  return hash ^ (hash >>> 16);
}

function writeString(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[<>&='\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
