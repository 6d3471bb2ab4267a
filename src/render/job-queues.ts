/**
 * Whose turn it is: each template is a lane with one job at work at most, and lanes of one pace take turns.
 *
 * A lane's pace is the processor time of its jobs, averaged so that it rises fast and falls slowly. Some seats never
 * serve those that are slow or not known yet: so however many of them there are, the others wait only for each other.
 */

export type Pace = 'new' | 'fast' | 'fair' | 'slow';

/** Averages in milliseconds of processor time. Most templates take well under one. */
const fastMs = 5;
const fairMs = 50;
const riseWeight = 0.5;
const fallWeight = 0.1;
/** Lanes whose pace is remembered. */
const rememberedMax = 10_000;

interface Lane<T> {
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
  /** Those that have something to do, whose turn comes next first. */
  readonly #lanes = new Map<string, Lane<T>>();
  /** Averages of lanes, the one that was asked least lately first. */
  readonly #averages = new Map<string, number>();
  #waiting = 0;

  get waiting(): number {
    return this.#waiting;
  }

  add(key: string, job: T): void {
    const lane = this.#lanes.get(key) ?? { key, jobs: [], isBusy: false };
    lane.jobs.push(job);
    this.#waiting += 1;
    this.#lanes.set(key, lane);
  }

  /**
   * The next job, whose lane is busy until `finish` or `giveBack`.
   *
   * @param order the paces to look for, one after the other; no others are served.
   */
  take(order: readonly Pace[]): Turn<T> | undefined {
    for (const pace of order) {
      const lane = this.#find(pace);
      const job = lane?.jobs.shift();
      if (!lane || job === undefined) continue;
      lane.isBusy = true;
      this.#waiting -= 1;
      return { key: lane.key, pace, job };
    }
    return undefined;
  }

  /** @param tookMs of processor time; where it was ended by force, what it would at least have taken. */
  finish(key: string, tookMs: number): void {
    this.#learn(key, tookMs);
    this.#leave(key);
  }

  /**
   * As `finish`, but the job is not done: it comes first in its lane, at the pace it has then.
   *
   * @param tookMs undefined when nothing was learned from it.
   */
  giveBack(key: string, job: T, tookMs: number | undefined): void {
    this.#lanes.get(key)?.jobs.unshift(job);
    this.#waiting += 1;
    if (tookMs !== undefined) this.#learn(key, tookMs);
    this.#leave(key);
  }

  /** Takes out all that waits. */
  clear(): readonly T[] {
    const jobs = [...this.#lanes.values()].flatMap(lane => lane.jobs.splice(0));
    this.#waiting = 0;
    return jobs;
  }

  /** Its next turn comes after those of all others. */
  #leave(key: string): void {
    const lane = this.#lanes.get(key);
    if (!lane) return;
    lane.isBusy = false;
    this.#lanes.delete(key);
    if (lane.jobs.length > 0) this.#lanes.set(key, lane);
  }

  #find(pace: Pace): Lane<T> | undefined {
    for (const lane of this.#lanes.values()) {
      if (!lane.isBusy && lane.jobs.length > 0 && this.#paceOf(lane.key) === pace) return lane;
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
