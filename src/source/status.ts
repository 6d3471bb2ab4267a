/** The state of a source, told to `/v1/sources` at any time and to the log only when it changes. */
import type { Log } from '../event/log.ts';
import type { SourceStatus } from './source.ts';

/** A source that stays in trouble is logged again after this long. */
const reminderMs = 60_000;

export interface StatusBoard {
  /**
   * Messages arrive, or would if there were any. `reason` says what is missing all the same, such as one topic of
   * three.
   */
  running(reason?: string): void;
  waiting(reason: string): void;
  stopped(): void;
  /** A paused source that waits for its broker is `waiting`. */
  pause(paused: boolean): void;
  readonly paused: boolean;
  /** Messages on the bus that are not recorded yet; undefined while unknown. */
  lag: number | undefined;
  /** Messages that the bus deleted before they were recorded, in all; undefined where the source cannot know. */
  lost: bigint | undefined;
  status(): SourceStatus;
}

/** @param clock milliseconds of any epoch, such as `Date.now`. */
export function createStatusBoard(name: string, log: Log, clock: () => number): StatusBoard {
  let state: 'waiting' | 'running' | 'stopped' = 'waiting';
  let reason: string | undefined = 'not started';
  let paused = false;
  let loggedAt = -Infinity;
  let loggedState = '';

  function say(): void {
    const kind = state === 'running' && reason !== undefined ? 'degraded' : state;
    if (kind === loggedState && (kind !== 'waiting' || clock() - loggedAt < reminderMs)) return;
    loggedAt = clock();
    loggedState = kind;
    const line = { source: name, state, reason };
    if (reason === undefined) log.info(line, 'source.changed');
    else log.warn(line, 'source.changed');
  }

  const board: StatusBoard = {
    running(missing) {
      state = 'running';
      reason = missing;
      say();
    },
    waiting(why) {
      state = 'waiting';
      reason = why;
      say();
    },
    stopped() {
      state = 'stopped';
      reason = undefined;
      board.lag = undefined;
      board.lost = undefined;
      say();
    },
    pause(wanted) {
      if (paused !== wanted)
        log.info({ source: name }, wanted ? 'source.paused' : 'source.resumed');
      paused = wanted;
    },
    get paused() {
      return paused;
    },
    lag: undefined,
    lost: undefined,
    status: () => ({
      state: paused && state === 'running' ? 'paused' : state,
      reason,
      lag: board.lag,
      lost: board.lost === undefined ? undefined : Number(board.lost),
    }),
  };
  return board;
}
