/**
 * Turns of owners at something of which there is only so much: at most `max` hold it at once, at most `ownerMax` of them for one owner,
 * and what becomes free goes to the owner who holds the least, among those to whoever's last turn was the longest ago.
 */

export interface TurnLimits {
  readonly max: number;
  readonly ownerMax: number;
}

interface Waiter {
  readonly start: () => void;
}

export class Turns {
  readonly #limits: TurnLimits;
  #held = 0;
  readonly #heldBy = new Map<string, number>();
  /** Those who wait by owner, the owner whose turn comes next first. */
  readonly #waiting = new Map<string, Set<Waiter>>();

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /** How many wait, of all owners. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((count, { size }) => count + size, 0);
  }

  /** Whether the owner would have to wait. */
  isBusyFor(owner: string): boolean {
    const { max, ownerMax } = this.#limits;
    return this.#held >= max || this.#holds(owner) >= ownerMax;
  }

  /**
   * Does work when it is the owner's turn.
   *
   * @param signal gives up waiting; work that has begun goes on. @throws the signal's reason, or what `work` throws.
   */
  async take<T>(owner: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#untilTurn(owner, signal);
    try {
      return await work();
    } finally {
      this.#give(owner);
    }
  }

  async #untilTurn(owner: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.isBusyFor(owner)) return this.#hold(owner);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { start: resolve };
    const others = this.#waiting.get(owner) ?? new Set();
    this.#waiting.set(owner, others.add(waiter));
    const giveUp = (): void => {
      others.delete(waiter);
      if (others.size === 0) this.#waiting.delete(owner);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    await promise;
    signal?.removeEventListener('abort', giveUp);
  }

  #hold(owner: string): void {
    this.#held += 1;
    this.#heldBy.set(owner, this.#holds(owner) + 1);
  }

  #give(owner: string): void {
    this.#held -= 1;
    const left = this.#holds(owner) - 1;
    if (left === 0) this.#heldBy.delete(owner);
    else this.#heldBy.set(owner, left);
    this.#startNext();
  }

  #startNext(): void {
    const owner = this.#next();
    const waiters = owner === undefined ? undefined : this.#waiting.get(owner);
    const [next] = waiters ?? [];
    if (owner === undefined || waiters === undefined || next === undefined) return;
    waiters.delete(next);
    this.#waiting.delete(owner);
    if (waiters.size > 0) this.#waiting.set(owner, waiters);
    this.#hold(owner);
    next.start();
  }

  #next(): string | undefined {
    let least: string | undefined;
    for (const owner of this.#waiting.keys()) {
      if (this.isBusyFor(owner)) continue;
      if (least === undefined || this.#holds(owner) < this.#holds(least)) least = owner;
    }
    return least;
  }

  #holds(owner: string): number {
    return this.#heldBy.get(owner) ?? 0;
  }
}
