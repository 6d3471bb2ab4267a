/**
 * Runs templates in a few processes that are started when they are first needed and replaced when they end.
 * `job-queues.ts` decides on the order; `process.ts` on what a process may do.
 */
import { RenderError } from '../event/errors.ts';
import type { Log } from '../event/log.ts';
import type { JobAnswer, Job } from './job.ts';
import { JobQueues } from './job-queues.ts';
import type { Pace, Turn } from './job-queues.ts';
import { openRenderProcess } from './process.ts';
import type { ProcessOptions, RenderProcess } from './process.ts';

export interface PoolOptions extends ProcessOptions {
  /** Maximum time for one event. */
  readonly timeoutMs: number;
  readonly processes: number;
  /** Maximum number of jobs that wait. */
  readonly queueMax: number;
  readonly log: Log;
}

interface PendingJob {
  readonly job: Job;
  readonly resolve: (answer: JobAnswer) => void;
  readonly reject: (error: unknown) => void;
  /** Trials that this job has had so far. */
  readonly trials: number;
}

interface Seat {
  process?: RenderProcess;
  isBusy: boolean;
  /** The paces that this seat serves, in this order. */
  readonly order: () => readonly Pace[];
}

/** Time that a template of unknown pace may hold a seat; then it waits for its turn among the slow ones. */
const trialMs = 50;
const trialsMax = 4;

const reserved: readonly Pace[] = ['fast', 'fair'];
const open: readonly Pace[] = ['new', 'slow', 'fair', 'fast'];

export class RenderPool {
  readonly #options: PoolOptions;
  readonly #lanes = new JobQueues<PendingJob>();
  readonly #seats: readonly Seat[];
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#seats = makeSeats(options.processes);
  }

  /** Process ids of the processes that run. */
  get pids(): readonly number[] {
    return this.#seats.flatMap(({ process }) =>
      process?.isAlive === true && process.pid !== undefined ? [process.pid] : [],
    );
  }

  /**
   * Runs a job when its turn comes.
   *
   * @param owner the account that takes turns with others; one account's jobs fill a quarter of the queue at most.
   * @throws {RenderError} when the process ended over it, when too many wait, or when the pool is closed.
   */
  async run(job: Job, owner = ''): Promise<JobAnswer> {
    const { queueMax } = this.#options;
    if (this.#isClosed) throw closed();
    const ownerMax = Math.ceil(queueMax / 4);
    if (this.#lanes.waiting >= queueMax) throw tooMany(queueMax);
    if (this.#lanes.waitingOf(owner) >= ownerMax) throw tooMany(ownerMax);
    const { promise, resolve, reject } = Promise.withResolvers<JobAnswer>();
    this.#lanes.add(`${job.engine}\n${job.template}`, { job, resolve, reject, trials: 0 }, owner);
    this.#pump();
    return promise;
  }

  /** Fails the jobs that wait and ends the processes. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#lanes.clear()) reject(closed());
    for (const { process } of this.#seats) process?.kill();
  }

  #pump(): void {
    for (const seat of this.#seats) {
      const turn = seat.isBusy ? undefined : this.#lanes.take(seat.order());
      if (turn) void this.#work(seat, turn);
    }
  }

  async #work(seat: Seat, turn: Turn<PendingJob>): Promise<void> {
    seat.isBusy = true;
    await this.#runOn(seat, turn);
    seat.isBusy = false;
    this.#pump();
  }

  async #runOn(seat: Seat, { key, pace, job: waiting }: Turn<PendingJob>): Promise<void> {
    const { timeoutMs, log } = this.#options;
    const { job, resolve, reject } = waiting;
    const isTrial = pace === 'new' && timeoutMs > trialMs;
    try {
      if (!seat.process?.isAlive) seat.process = openRenderProcess(this.#options);
      const answer = await seat.process.run(job, isTrial ? trialMs : timeoutMs);
      const { tookMs } = answer;
      const isLate = 'limit' in answer && answer.limit === 'time';
      if (!isLate || !isTrial || this.#isClosed) {
        this.#lanes.finish(key, tookMs);
        return resolve(answer);
      }
      // The machine was busy with something else, so the trial tells little.
      const isAgain = tookMs < trialMs / 2 && waiting.trials < trialsMax;
      const next = { ...waiting, trials: waiting.trials + 1 };
      this.#lanes.giveBack(key, next, isAgain ? undefined : timeoutMs);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#isClosed) log.warn({ reason, engine: job.engine }, 'render.process_ended');
      this.#lanes.finish(key, timeoutMs);
      reject(error);
    }
  }
}

/** Creates the seats: half of them, or the only one, serve all templates; the others those known not to be slow. */
function makeSeats(count: number): readonly Seat[] {
  if (count === 1) {
    let turns = 0;
    return [
      { isBusy: false, order: () => ((turns += 1) % 2 === 0 ? [...reserved, ...open] : open) },
    ];
  }
  return Array.from({ length: count }, (_, at) => ({
    isBusy: false,
    order: () => (at < Math.floor(count / 2) ? open : reserved),
  }));
}

const closed = (): RenderError =>
  new RenderError('templates are no longer run: Hookline is stopping', { isFinal: false });
const tooMany = (count: number): RenderError =>
  new RenderError(`${count} templates are already waiting to be run`, {
    isFinal: false,
    isBusy: true,
  });
