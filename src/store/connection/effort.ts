/**
 * Whether something that is done again and again gets done: told by the last try that ended, and by one that is under way for
 * too long. A connection that is there says nothing of that: the disk may be full, or the database read-only.
 */
export interface Effort {
  /** A try begins. */
  began(): void;
  failed(error: unknown): void;
  succeeded(): void;
  /** Nothing is tried any more: whoever had a share in it has given up. */
  ended(): void;
  /** The error of the last try, or that the present one has no answer; undefined while all is well. */
  trouble(): Error | undefined;
}

export interface EffortOptions {
  /** Milliseconds of any epoch. */
  readonly clock: () => number;
  /** How long a failure is held against it when nothing more is tried; for good when absent. */
  readonly forgetMs?: number;
  /** Called when the trouble begins and, without an error, when it is over. */
  readonly onTurn?: (error?: Error) => void;
}

/** How long a try may take before it counts as trouble. */
const patienceMs = 4_000;

export function createEffort({ clock, forgetMs = Infinity, onTurn }: EffortOptions): Effort {
  let beganAtMs: number | undefined;
  let failure: { readonly error: Error; readonly atMs: number } | undefined;
  return {
    began: () => {
      beganAtMs ??= clock();
    },
    failed(reason) {
      const isTurn = failure === undefined;
      const error = reason instanceof Error ? reason : new Error(String(reason));
      failure = { error, atMs: clock() };
      beganAtMs = undefined;
      if (isTurn) onTurn?.(error);
    },
    succeeded() {
      const isTurn = failure !== undefined;
      [failure, beganAtMs] = [undefined, undefined];
      if (isTurn) onTurn?.();
    },
    ended: () => {
      beganAtMs = undefined;
    },
    trouble() {
      if (failure !== undefined && clock() - failure.atMs < forgetMs) return failure.error;
      const tookMs = beganAtMs === undefined ? 0 : clock() - beganAtMs;
      if (tookMs < patienceMs) return undefined;
      return new Error(`PostgreSQL has not answered for ${Math.floor(tookMs / 1_000)} s`);
    },
  };
}
