/** Wakes the one loop that waits on several things: arrivals, a pause that ended, a lost connection. */
export interface Bell {
  ring(): void;
  /**
   * Resolves at the next ring, or after `msMax`. A ring that nobody waits for is gone, so the caller looks at
   * what it waits for first, in the same turn of the event loop.
   */
  heard(msMax?: number): Promise<void>;
}

export function createBell(): Bell {
  let wake: (() => void) | undefined;
  return {
    ring: () => wake?.(),
    heard: async msMax => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = msMax === undefined ? undefined : setTimeout(resolve, msMax);
      wake = resolve;
      await promise;
      wake = undefined;
      clearTimeout(timer);
    },
  };
}
