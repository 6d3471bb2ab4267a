/** A binary heap: whatever has the smallest key comes out first; among equal keys in no order. */
export interface Heap<T> {
  readonly size: number;
  push(key: number, item: T): void;
  /** The smallest key; Infinity when the heap is empty. */
  firstKey(): number;
  pop(): T | undefined;
}

interface Entry<T> {
  readonly key: number;
  readonly item: T;
}

export function createHeap<T>(): Heap<T> {
  const entries: Entry<T>[] = [];
  return {
    get size() {
      return entries.length;
    },
    push(key, item) {
      entries.push({ key, item });
      rise(entries, entries.length - 1);
    },
    firstKey: () => entries[0]?.key ?? Infinity,
    pop() {
      const [first] = entries;
      const last = entries.pop();
      if (first !== undefined && last !== undefined && entries.length > 0) sink(entries, last);
      return first?.item;
    },
  };
}

/** Moves the entry at `index` up to its place. */
function rise<T>(entries: Entry<T>[], index: number): void {
  const entry = entries[index];
  if (entry === undefined) return;
  let at = index;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = entries[above];
    if (parent === undefined || parent.key <= entry.key) break;
    entries[at] = parent;
    at = above;
  }
  entries[at] = entry;
}

/** Puts `entry` in the place of the first one, and moves it down to where it belongs. */
function sink<T>(entries: Entry<T>[], entry: Entry<T>): void {
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    const right = left + 1;
    const isRight = (entries[right]?.key ?? Infinity) < (entries[left]?.key ?? Infinity);
    const below = isRight ? right : left;
    const child = entries[below];
    if (child === undefined || child.key >= entry.key) break;
    entries[at] = child;
    at = below;
  }
  entries[at] = entry;
}
