/** One timer that is always set to the earliest time that was asked for. */
export interface Alarm {
  /** Asks for a time. @param atMs of `performance.now`; Infinity asks for nothing. */
  setFor(atMs: number): void;
  cancel(): void;
}

/** Creates an alarm. @param onDue is called at that time; it has to ask again for later ones. */
export function createAlarm(onDue: () => void): Alarm {
  let timer: NodeJS.Timeout | undefined;
  let dueAtMs = Infinity;
  return {
    setFor(atMs) {
      if (atMs >= dueAtMs) return;
      clearTimeout(timer);
      dueAtMs = atMs;
      timer = setTimeout(
        () => {
          dueAtMs = Infinity;
          onDue();
        },
        Math.max(1, Math.ceil(atMs - performance.now())),
      );
    },
    cancel: () => clearTimeout(timer),
  };
}
