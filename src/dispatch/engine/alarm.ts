/** One timer that is always set to the earliest time anybody asked for. */
export interface Alarm {
  /** @param atMs of `performance.now`; Infinity asks for nothing. */
  setFor(atMs: number): void;
  cancel(): void;
}

/** @param ring has to ask again for what is still to come. */
export function createAlarm(ring: () => void): Alarm {
  let timer: NodeJS.Timeout | undefined;
  let ringsAtMs = Infinity;
  return {
    setFor(atMs) {
      if (atMs >= ringsAtMs) return;
      clearTimeout(timer);
      ringsAtMs = atMs;
      timer = setTimeout(
        () => {
          ringsAtMs = Infinity;
          ring();
        },
        Math.max(1, Math.ceil(atMs - performance.now())),
      );
    },
    cancel: () => clearTimeout(timer),
  };
}
