/** The requests of the quick pool by age: which have been held for longer than a quick receiver takes. */
import type { Queued, Slot } from './model.ts';

export class Aging<T extends Queued> {
  readonly #slowMs: number;
  /** In the order they began; those before `#head` are done with. */
  #slots: Slot<T>[] = [];
  #head = 0;

  /** @param slowMs age in milliseconds at which a request is due. */
  constructor(slowMs: number) {
    this.#slowMs = slowMs;
  }

  /** When the oldest request is due; Infinity when there is none. */
  get dueAtMs(): number {
    const oldest = this.#slots[this.#head];
    return oldest ? oldest.startedAtMs + this.#slowMs : Infinity;
  }

  /** @param slot began no earlier than those added before. */
  add(slot: Slot<T>): void {
    this.#slots.push(slot);
  }

  /** Requests that are due and still in flight, each once. */
  takeDue(nowMs: number): readonly Slot<T>[] {
    const due: Slot<T>[] = [];
    while (this.dueAtMs <= nowMs) {
      const slot = this.#slots[this.#head];
      if (slot?.isHeld) due.push(slot);
      this.#head += 1;
    }
    this.forgetEnded();
    return due;
  }

  /** To be called after a request has ended. */
  forgetEnded(): void {
    while (this.#slots[this.#head]?.isHeld === false) this.#head += 1;
    if (this.#head <= compactAt || this.#head * 2 <= this.#slots.length) return;
    this.#slots = this.#slots.slice(this.#head);
    this.#head = 0;
  }
}

/** Half of the array being done with pays for moving the other half. */
const compactAt = 1_024;
