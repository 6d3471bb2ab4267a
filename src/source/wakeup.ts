/** Wakes the one loop that waits for several things: arrivals, the end of a pause, a lost connection. */
export interface Wakeup {
  signal(): void;
  /**
   * Resolves at the next signal, or after `msMax`. A signal that nobody waits for is lost, so the caller checks what it
   * waits for first, in the same turn of the event loop.
   */
  wait(msMax?: number): Promise<void>;
}

export function createWakeup(): Wakeup {
  let wake: (() => void) | undefined;
  return {
    signal: () => wake?.(),
    wait: async msMax => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = msMax === undefined ? undefined : setTimeout(resolve, msMax);
      wake = resolve;
      await promise;
      wake = undefined;
      clearTimeout(timer);
    },
  };
}
