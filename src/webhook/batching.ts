/** Several events in one request, for collectors that count requests. */
import { batchShapes } from '../format/batch.ts';
import type { BatchShape } from '../format/batch.ts';

export interface Batching {
  /** A request is sent when it has so many events, … */
  readonly eventsMax: number;
  /** … or when its oldest has waited so long, in milliseconds. */
  readonly waitMs: number;
  /** A JSON array, or one line of JSON an event. */
  readonly as: BatchShape;
  /** Compressed, `Content-Encoding: gzip`. */
  readonly gzip: boolean;
}

export const batchingLimits = {
  eventsMax: { minimum: 1, maximum: 500, default: 100 },
  waitMs: { minimum: 0, maximum: 10_000, default: 1_000 },
} as const;

/** A row's batching, which anybody may have written: a value that is absent or impossible is the default, or the bound. */
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
