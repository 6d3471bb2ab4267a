/** Several events in one request, for collectors that count requests. */
import { batchShapes } from '../format/batch.ts';
import type { BatchShape } from '../format/batch.ts';

export interface Batching {
  /** Number of events at which a request is sent, … */
  readonly eventsMax: number;
  /** … or the time its oldest event has waited, in milliseconds. */
  readonly waitMs: number;
  /** A JSON array, or one line of JSON per event. */
  readonly as: BatchShape;
  /** The body is compressed: `Content-Encoding: gzip`. */
  readonly gzip: boolean;
}

export const batchingLimits = {
  eventsMax: { minimum: 1, maximum: 500, default: 100 },
  waitMs: { minimum: 0, maximum: 10_000, default: 1_000 },
} as const;

/** Reads a row's batching, which may have been written in plain SQL: absent values become defaults, others are kept within bounds. */
export function readBatching(row: Readonly<Partial<Record<keyof Batching, unknown>>>): Batching {
  const whole = (name: keyof typeof batchingLimits): number => {
    const { minimum, maximum, default: usual } = batchingLimits[name];
    const value = row[name];
    const wanted = typeof value === 'number' && Number.isFinite(value) ? Math.round(value) : usual;
    return Math.min(maximum, Math.max(minimum, wanted));
  };
  return {
    eventsMax: whole('eventsMax'),
    waitMs: whole('waitMs'),
    as: batchShapes.find(shape => shape === row.as) ?? 'array',
    gzip: row.gzip === true,
  };
}
