/** When the events of one run arrived, and what can be told from that. */

/** By event number; NaN for what did not come. Instants are milliseconds of `monotonicMs`. */
export interface Arrivals {
  readonly atMs: Float64Array;
  readonly lane: Uint8Array;
  /** From the time in the event's id, which is when it was recorded, to the arrival. */
  readonly sinceRecordedMs: Float64Array;
  /** Arrivals of events that had come before. */
  readonly duplicates: number;
  /** Requests that got no answer. */
  readonly unanswered: number;
  /** Of those looked at, a sample: requests whose X-CS-Signature was not that of the body. */
  readonly unsigned: number;
}

/** One clock for all processes of the machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The smallest value that at least `share` of them do not exceed. NaNs count for nothing. */
export function quantile(values: Float64Array, share: number): number {
  const sorted = values.filter(value => !Number.isNaN(value)).toSorted();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function lastOf(values: Float64Array): number {
  return values.reduce((last, value) => (value > last ? value : last), -Infinity);
}

/** @throws Error unless each of `count` events came exactly once, signed. */
export function assertComplete(arrivals: Arrivals, count: number): void {
  const lost = arrivals.atMs.filter(Number.isNaN).length;
  const { duplicates, unsigned } = arrivals;
  if (arrivals.atMs.length !== count || lost + duplicates + unsigned > 0) {
    throw new Error(`of ${count} events: ${lost} lost, ${duplicates} twice, ${unsigned} unsigned`);
  }
}
