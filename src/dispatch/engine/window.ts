/** How many deliveries are in memory, and who waits until there are fewer. */
export class DeliveryWindow {
  readonly #max: number;
  #size = 0;
  #open = true;
  #wakers: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  get isExceeded(): boolean {
    return this.#size > this.#max;
  }

  /**
   * Whether the intake may bring another batch. It stops at half the window, because a batch owes as many deliveries as
   * webhooks want its events, and what does not fit costs a row more.
   */
  get hasRoom(): boolean {
    return this.#size < this.#max / 2;
  }

  add(count: number): void {
    this.#size += count;
  }

  /** To be followed by `wake`, at the latest when all of a batch have left. */
  remove(count: number): void {
    this.#size -= count;
  }

  /** Resolves when `hasRoom`, or `signal` aborts. */
  async room(signal: AbortSignal): Promise<void> {
    while (!this.hasRoom && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const onAbort = (): void => resolve();
      this.#wakers.push(resolve);
      signal.addEventListener('abort', onAbort);
      await promise;
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Lets those who wait look again. */
  wake(): void {
    if (this.#wakers.length === 0) return;
    if (!this.hasRoom && this.#open) return;
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }

  /** Nobody has to wait any longer for a room that does not come. */
  close(): void {
    this.#open = false;
    this.wake();
  }
}
