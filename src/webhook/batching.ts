/** Several events in one request, for collectors that count requests. */
import { flag, oneOf, schemaOf, whole } from '../event/schema.ts';
import { batchShapes } from '../format/batch.ts';
import type { BatchShape } from '../format/batch.ts';

export interface Batching {
  /** Number of events at which a request is sent, … */
  readonly eventsMax: number;
  /** … at most so many bytes of body before it is compressed, unless an event alone has more, … */
  readonly bytesMax: number;
  /** … or the time its oldest event has waited, in milliseconds. */
  readonly waitMs: number;
  /** A JSON array, or one line of JSON per event. */
  readonly as: BatchShape;
  /** The body is compressed: `Content-Encoding: gzip`. */
  readonly gzip: boolean;
}

export const batchingLimits = {
  eventsMax: { minimum: 1, maximum: 500, default: 100 },
  bytesMax: { minimum: 1_000, maximum: 100_000_000, default: 1_000_000 },
  waitMs: { minimum: 0, maximum: 10_000, default: 1_000 },
} as const;

/** The validator fills in the defaults, so that every batch is complete. */
export const batchSchema = schemaOf<Batching>({
  type: 'object',
  additionalProperties: false,
  properties: {
    eventsMax: whole(batchingLimits.eventsMax),
    bytesMax: whole(batchingLimits.bytesMax),
    waitMs: whole(batchingLimits.waitMs),
    as: oneOf(batchShapes, { default: 'array' }),
    gzip: flag({ default: false }),
  },
  description:
    'Several events in one request, sent when there are `eventsMax` or when the oldest has waited for `waitMs`: a JSON array, or one line of JSON per event, optionally compressed. No body has more than `bytesMax` bytes before it is compressed, except that of a single event. Only for formats that `GET /v1/formats` lists with `batch`. Null is one event a request.',
  example: null,
});

/** Reads a row's batching, which may have been written in plain SQL: absent values become defaults, others are kept within bounds. */
export function readBatching(row: Readonly<Partial<Record<keyof Batching, unknown>>>): Batching {
  const bounded = (name: keyof typeof batchingLimits): number => {
    const { minimum, maximum, default: usual } = batchingLimits[name];
    const value = row[name];
    const wanted = typeof value === 'number' && Number.isFinite(value) ? Math.round(value) : usual;
    return Math.min(maximum, Math.max(minimum, wanted));
  };
  return {
    eventsMax: bounded('eventsMax'),
    bytesMax: bounded('bytesMax'),
    waitMs: bounded('waitMs'),
    as: batchShapes.find(shape => shape === row.as) ?? 'array',
    gzip: row.gzip === true,
  };
}
