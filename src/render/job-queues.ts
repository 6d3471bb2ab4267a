/**
 * Decides whose turn it is: each template has a queue with one job at work at most, and queues of the same pace take
 * turns.
 *
 * A queue's pace is the processor time of its jobs, averaged so that it rises fast and falls slowly. Some seats never
 * serve those that are slow or not known yet: so however many of them there are, the others wait only for each other.
 */

export type Pace = 'new' | 'fast' | 'fair' | 'slow';

/** Upper bounds of a pace: averages in milliseconds of processor time. Most templates take well under one. */
const fastMs = 5;
const fairMs = 50;
const riseWeight = 0.5;
const fallWeight = 0.1;
/** Maximum number of queues whose pace is remembered. */
const rememberedMax = 10_000;

interface JobQueue<T> {
  readonly key: string;
  readonly jobs: T[];
  isBusy: boolean;
}

export interface Turn<T> {
  readonly key: string;
  readonly pace: Pace;
  readonly job: T;
}

export class JobQueues<T> {
  /** The queues with jobs, the one whose turn comes next first. */
  readonly #queues = new Map<string, JobQueue<T>>();
  /** Averages by queue, the one used least recently first. */
  readonly #averages = new Map<string, number>();
  #waiting = 0;

  get waiting(): number {
    return this.#waiting;
  }

  add(key: string, job: T): void {
    const queue = this.#queues.get(key) ?? { key, jobs: [], isBusy: false };
    queue.jobs.push(job);
    this.#waiting += 1;
    this.#queues.set(key, queue);
  }

  /**
   * Takes the next job; its queue is busy until `finish` or `giveBack`.
   *
   * @param order the paces to look for, one after the other; no others are served.
   */
  take(order: readonly Pace[]): Turn<T> | undefined {
    for (const pace of order) {
      const queue = this.#find(pace);
      const job = queue?.jobs.shift();
      if (!queue || job === undefined) continue;
      queue.isBusy = true;
      this.#waiting -= 1;
      return { key: queue.key, pace, job };
    }
    return undefined;
  }

  /** Ends a job. @param tookMs its processor time; for a job that was killed, the least that it would have taken. */
  finish(key: string, tookMs: number): void {
    this.#learn(key, tookMs);
    this.#leave(key);
  }

  /**
   * Gives a job back that is not done: it comes first in its queue, at the queue's present pace.
   *
   * @param tookMs undefined when the try told nothing about the pace.
   */
  giveBack(key: string, job: T, tookMs: number | undefined): void {
    this.#queues.get(key)?.jobs.unshift(job);
    this.#waiting += 1;
    if (tookMs !== undefined) this.#learn(key, tookMs);
    this.#leave(key);
  }

  /** Takes out all jobs that wait. */
  clear(): readonly T[] {
    const jobs = [...this.#queues.values()].flatMap(queue => queue.jobs.splice(0));
    this.#waiting = 0;
    return jobs;
  }

  /** Moves a queue behind all others. */
  #leave(key: string): void {
    const queue = this.#queues.get(key);
    if (!queue) return;
    queue.isBusy = false;
    this.#queues.delete(key);
    if (queue.jobs.length > 0) this.#queues.set(key, queue);
  }

  #find(pace: Pace): JobQueue<T> | undefined {
    for (const queue of this.#queues.values()) {
      if (!queue.isBusy && queue.jobs.length > 0 && this.#paceOf(queue.key) === pace) return queue;
    }
    return undefined;
  }

  #paceOf(key: string): Pace {
    const averageMs = this.#averages.get(key);
    if (averageMs === undefined) return 'new';
    if (averageMs <= fastMs) return 'fast';
    return averageMs <= fairMs ? 'fair' : 'slow';
  }

  #learn(key: string, tookMs: number): void {
    const before = this.#averages.get(key) ?? 0;
    const weight = tookMs > before ? riseWeight : fallWeight;
    this.#averages.delete(key);
    this.#averages.set(key, before + (tookMs - before) * weight);
    for (const oldest of this.#averages.keys()) {
      if (this.#averages.size <= rememberedMax) break;
      this.#averages.delete(oldest);
    }
  }
}
