/** A queue, first in, first out, in constant time. An array's shift() moves every element behind it. */
export interface Queue<T extends object> {
  readonly size: number;
  push(item: T): void;
  /** Puts them before all others, in their order. */
  unshift(added: readonly T[]): void;
  shift(): T | undefined;
  first(): T | undefined;
  /** Takes out every item for which `take` is true; the others keep their order. */
  extract(take: (item: T) => boolean): readonly T[];
}

export function createQueue<T extends object>(): Queue<T> {
  let items: (T | undefined)[] = [];
  let head = 0;
  return {
    get size() {
      return items.length - head;
    },
    push(item) {
      items.push(item);
    },
    unshift(added) {
      items = [...added, ...items.slice(head)];
      head = 0;
    },
    shift() {
      const item = items[head];
      if (head < items.length) items[head++] = undefined;
      // Half of the array being empty pays for moving the other half.
      if (head > 1_024 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    first: () => items[head],
    extract(take) {
      const taken: T[] = [];
      const left: T[] = [];
      for (let item = this.shift(); item !== undefined; item = this.shift()) {
        (take(item) ? taken : left).push(item);
      }
      items = left;
      head = 0;
      return taken;
    },
  };
}
