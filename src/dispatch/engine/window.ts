/**
 * The window: how many deliveries are in memory, which of them are claimed rows, and who waits until there are fewer.
 */
import type { Delivery } from '../delivery.ts';

export class DeliveryWindow {
  readonly #max: number;
  readonly #claimedIds = new Set<string>();
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

  /** Ids of the rows that this process has claimed and has in memory. */
  get claimedIds(): ReadonlySet<string> {
    return this.#claimedIds;
  }

  /**
   * Whether the intake may bring another batch. It stops at half the window, because a batch owes as many deliveries as
   * webhooks want its events, and what does not fit costs a row more.
   */
  get hasRoom(): boolean {
    return this.#size < this.#max / 2;
  }

  enter({ deliveryId }: Delivery): void {
    this.#size += 1;
    if (deliveryId !== undefined) this.#claimedIds.add(deliveryId);
  }

  /** Removes a delivery. To be followed by `wake`, at the latest when all of a batch have left. */
  leave({ deliveryId }: Delivery): void {
    this.#size -= 1;
    if (deliveryId !== undefined) this.#claimedIds.delete(deliveryId);
  }

  /** Keeps room for deliveries that are being claimed. @returns releases it again. */
  reserve(count: number): () => void {
    this.#size += count;
    return () => {
      this.#size -= count;
      this.wake();
    };
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

  /** Lets those who wait for room check again. */
  wake(): void {
    if (this.#wakers.length === 0) return;
    if (!this.hasRoom && this.#open) return;
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }

  /** Ends all waiting for room: none will come. */
  close(): void {
    this.#open = false;
    this.wake();
  }
}
