/**
 * The life of a source: one session on its bus after the other, until it is told to stop.
 *
 * Whatever ends a session early (broker restart, deleted queue, lost membership) is answered the same way: say so,
 * wait, begin a new one.
 */
import type { Log } from '../event/log.ts';
import type { MessageBatch } from '../event/message.ts';
import { type BackoffLimits, createBackoff, delay } from '../event/wait.ts';
import { explain } from './explain.ts';
import type { StatusBoard } from './status.ts';

export type RecordBatch = (batch: MessageBatch) => Promise<void>;

export interface SessionOptions {
  readonly name: string;
  readonly log: Log;
  /** Wait between sessions; 250 ms doubling to 30 s by default. */
  readonly backoff?: BackoffLimits;
  /**
   * Whether an error means that the bus is away for the moment. It is then looked for every `awayMs`, without back-off, as
   * an attempt costs next to nothing and being back late costs events. No error does by default.
   */
  readonly isAway?: (error: unknown) => boolean;
  /** 250 ms by default. */
  readonly awayMs?: number;
  /** `Date.now` by default. */
  readonly clock?: () => number;
  /** `Math.random` by default. */
  readonly random?: () => number;
}

export const sessionDefaults = {
  backoff: { baseMs: 250, maxMs: 30_000 },
  isAway: (_error: unknown): boolean => false,
  awayMs: 250,
  clock: Date.now,
  random: Math.random,
};

/**
 * @param session resolves when `signal` aborted, or when the next one shall begin at once; rejects when it ended
 *   otherwise.
 */
export async function runSessions(
  options: Required<SessionOptions>,
  board: StatusBoard,
  session: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { name, log, clock } = options;
  const backoff = createBackoff(options.backoff, options.random);
  while (!signal.aborted) {
    const startedAt = clock();
    try {
      await session();
    } catch (error) {
      // Neither comes from the network: both are bugs.
      if (error instanceof TypeError || error instanceof RangeError) throw error;
      log.debug({ source: name, err: error }, 'source.session_ended');
      board.lag = undefined;
      if (!signal.aborted) board.waiting(explain(error));
      if (options.isAway(error)) {
        await delay(options.awayMs, signal);
        continue;
      }
      // Only a session that lasted shows that the trouble is over.
      if (clock() - startedAt > options.backoff.maxMs) backoff.reset();
      await delay(backoff.nextMs(), signal);
    }
  }
  board.stopped();
}
