/** Changes one place of a JSON value, also within texts that hold JSON themselves, without knowing its shape. */

export type Change = (value: unknown) => unknown;

/** How many places the value has: itself, and every value below it. */
export function placesIn(value: unknown): number {
  let count = 0;
  changeAt(
    value,
    Number.POSITIVE_INFINITY,
    part => part,
    () => (count += 1),
  );
  return count;
}

/**
 * A copy whose place number `place`, counted from 0, is `change` of what was there. A change that answers undefined
 * takes the place away.
 */
export function changeAt(
  value: unknown,
  place: number,
  change: Change,
  onPlace: () => void = () => {},
): unknown {
  let left = place;
  return visit(value);

  function visit(part: unknown): unknown {
    onPlace();
    const isIt = left === 0;
    left -= 1;
    if (isIt) return change(part);
    if (typeof part === 'string') return visitText(part);
    if (Array.isArray(part)) return part.map(visit);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, below]) => [key, visit(below)]));
  }

  function visitText(text: string): string {
    if (!/^[[{]/.test(text)) return text;
    try {
      return JSON.stringify(visit(JSON.parse(text)));
    } catch {
      return text;
    }
  }
}

/** Every key there is in the value. */
export function keysIn(value: unknown): readonly string[] {
  const keys = new Set<string>();
  for (let place = placesIn(value) - 1; place >= 0; place -= 1) {
    changeAt(value, place, part => {
      if (typeof part === 'object' && part !== null && !Array.isArray(part)) {
        for (const key of Object.keys(part)) keys.add(key);
      }
      return part;
    });
  }
  return [...keys];
}
