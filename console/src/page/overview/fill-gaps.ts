/** Numbers for each bucket of a period; the API leaves out those in which nothing happened. */
import type { Stats } from '../../client/api.ts';

export interface Point {
  /** RFC 3339. */
  readonly at: string;
  readonly delivered: number;
  readonly failed: number;
  /** Milliseconds; null where nothing was attempted. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export function fillGaps({ from, to, bucket, items }: Stats): readonly Point[] {
  if (bucket === null) throw new RangeError('statistics by time have buckets');
  const known = new Map(items.map(item => [Date.parse(item.at ?? ''), item]));
  const lengthMs = bucket * 1_000;
  const firstMs = Math.floor(Date.parse(from) / lengthMs) * lengthMs;
  const count = Math.ceil((Date.parse(to) - firstMs) / lengthMs);
  return Array.from({ length: count }, (_, index) => {
    const atMs = firstMs + index * lengthMs;
    const { delivered = 0, failed = 0, durationMs } = known.get(atMs) ?? {};
    const { p50 = null, p95 = null, p99 = null } = durationMs ?? {};
    return { at: new Date(atMs).toISOString(), delivered, failed, p50, p95, p99 };
  });
}
