/**
 * Waiting that may end early: on shutdown, or because what was waited for has come.
 *
 * The wait before a failed delivery is tried again has its own rules: `outcome/backoff.ts`.
 */
import { setTimeout as wait } from 'node:timers/promises';

export interface BackoffLimits {
  /** Maximum of the first wait, in milliseconds, at least 1. */
  readonly baseMs: number;
  /** Maximum of any wait, in milliseconds. */
  readonly maxMs: number;
}

export interface Backoff {
  /** The next wait in milliseconds: between half and all of the ceiling, which doubles each time. */
  nextMs(): number;
  /** The trouble is over: the next wait is a first one again. */
  reset(): void;
}

/**
 * Waits that double, with jitter, up to a maximum. A reconnect loop without it fills disks: gigabytes of logs an hour in
 * the post-mortem of one such consumer (Comcast's OSEL), and a restarted broker meets all its clients in the same instant.
 *
 * @param random a draw from [0, 1); without it every wait is the ceiling.
 */
export function createBackoff(
  { baseMs, maxMs }: BackoffLimits,
  random: () => number = () => 1,
): Backoff {
  let attempt = 0;
  return {
    nextMs() {
      const ceilingMs = Math.min(maxMs, baseMs * 2 ** attempt);
      attempt += 1;
      return Math.ceil(ceilingMs * (0.5 + random() / 2));
    },
    reset() {
      attempt = 0;
    },
  };
}

/** Resolves after `ms`, or at once when `signal` aborts. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/**
 * Waits for `work`, until `signal` aborts.
 *
 * @param abandon gets the work when nobody waits for it any longer, to clean up after it.
 * @returns the work's result; undefined when `signal` aborted first.
 */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  abandon: (work: Promise<T>) => void,
): Promise<T | undefined> {
  const stopped = Promise.withResolvers<undefined>();
  const stop = (): void => stopped.resolve(undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const result = signal.aborted ? undefined : await Promise.race([work, stopped.promise]);
    if (!signal.aborted) return result;
    abandon(work);
    return undefined;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Resolves when `work`, which never rejects, has ended, or after `ms`. */
export async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const ended = new AbortController();
  void work.then(() => ended.abort());
  await delay(ms, ended.signal);
}
