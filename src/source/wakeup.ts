/** Wakes the one loop that waits on several things: arrivals, a pause that ended, a lost connection. */
export interface Wakeup {
  signal(): void;
  /**
   * Resolves at the next signal, or after `msMax`. A signal that nobody waits for is gone, so the caller looks at
   * what it waits for first, in the same turn of the event loop.
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
