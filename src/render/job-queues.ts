/**
 * Decides whose turn it is: each template has a queue with one job at work at most. Among queues of the same pace the accounts
 * take turns, and then the queues of one account.
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
  /** The account that asked for it first. */
  readonly owner: string;
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
  /** When each account had its last turn, by a count of turns; and how many of its jobs wait. */
  readonly #turns = new Map<string, number>();
  readonly #waitingOf = new Map<string, number>();
  #turn = 0;
  #waiting = 0;

  /** How many jobs of the account wait. */
  waitingOf(owner: string): number {
    return this.#waitingOf.get(owner) ?? 0;
  }

  get waiting(): number {
    return this.#waiting;
  }

  add(key: string, job: T, owner = ''): void {
    const queue = this.#queues.get(key) ?? { key, owner, jobs: [], isBusy: false };
    queue.jobs.push(job);
    this.#count(queue.owner, 1);
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
      this.#count(queue.owner, -1);
      this.#turn += 1;
      this.#turns.delete(queue.owner);
      this.#turns.set(queue.owner, this.#turn);
      forgetOldest(this.#turns);
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
    const queue = this.#queues.get(key);
    queue?.jobs.unshift(job);
    if (queue) this.#count(queue.owner, 1);
    if (tookMs !== undefined) this.#learn(key, tookMs);
    this.#leave(key);
  }

  /** Takes out all jobs that wait. */
  clear(): readonly T[] {
    const jobs = [...this.#queues.values()].flatMap(queue => queue.jobs.splice(0));
    this.#waiting = 0;
    this.#waitingOf.clear();
    return jobs;
  }

  #count(owner: string, more: number): void {
    this.#waiting += more;
    const count = this.waitingOf(owner) + more;
    if (count === 0) this.#waitingOf.delete(owner);
    else this.#waitingOf.set(owner, count);
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
    let found: JobQueue<T> | undefined;
    for (const queue of this.#queues.values()) {
      if (queue.isBusy || queue.jobs.length === 0 || this.#paceOf(queue.key) !== pace) continue;
      if (!found || this.#turnOf(queue.owner) < this.#turnOf(found.owner)) found = queue;
    }
    return found;
  }

  #turnOf(owner: string): number {
    return this.#turns.get(owner) ?? 0;
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
    forgetOldest(this.#averages);
  }
}

function forgetOldest(map: Map<string, number>): void {
  for (const oldest of map.keys()) {
    if (map.size <= rememberedMax) break;
    map.delete(oldest);
  }
}
