/**
 * How long a source waits before it tries its broker again: doubling, with jitter, bounded.
 *
 * A reconnect loop without it fills disks: gigabytes of logs an hour in the post-mortem of one such consumer
 * (Comcast's OSEL), and a restarted broker meets all its clients in the same instant.
 */
import { setTimeout as wait } from 'node:timers/promises';

export interface BackoffPolicy {
  /** The first wait at most, in milliseconds, at least 1. */
  readonly baseMs: number;
  /** Any wait at most, in milliseconds. */
  readonly maxMs: number;
}

export interface Backoff {
  /** The next wait in milliseconds: between half and all of the ceiling, which doubles each time. */
  nextMs(): number;
  /** The trouble is over: the next wait is a first one again. */
  reset(): void;
}

/** @param random a draw from [0, 1). */
export function createBackoff(policy: BackoffPolicy, random: () => number): Backoff {
  let attempt = 0;
  return {
    nextMs() {
      const ceilingMs = Math.min(policy.maxMs, policy.baseMs * 2 ** attempt);
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

/** What `work` resolves to, or undefined as soon as `signal` aborts; then `abandon` gets the work. */
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
