/** Joins several events, rendered in one format, to the body of one request. */
import { createHash } from 'node:crypto';

import type { Rendered } from './format.ts';

export const batchShapes = ['array', 'ndjson'] as const;
export type BatchShape = (typeof batchShapes)[number];

/** How many of them, at least one, a body of so many bytes holds. */
export function countFitting(parts: readonly Rendered[], bytesMax: number): number {
  let bytes = 1;
  for (const [at, { body }] of parts.entries()) {
    bytes += body.length + 1;
    if (bytes > bytesMax && at > 0) return at;
  }
  return parts.length;
}

const lineBreaks = /[\r\n]+/g;

/**
 * Joins them. The bodies are JSON, in which a line break is never more than space.
 *
 * `webhook-id` names the batch by the events in it: the same when the very same batch is sent again. The events carry
 * their own ids, and receivers should go by those, for what failed together may come back in another batch.
 *
 * @param parts at least one.
 * @param arrayType the content type of an array of them.
 */
export function joinRendered(
  parts: readonly Rendered[],
  as: BatchShape,
  arrayType: string,
): Rendered {
  const texts = parts.map(({ body }) => body.toString());
  const body =
    as === 'array'
      ? `[${texts.join(',')}]`
      : texts.map(text => `${text.replace(lineBreaks, ' ')}\n`).join('');
  const [first] = parts;
  return {
    eventId: `batch_${createHash('sha256')
      .update(parts.map(({ eventId }) => eventId).join())
      .digest('hex')
      .slice(0, 32)}`,
    body: Buffer.from(body),
    headers: ['Content-Type', as === 'array' ? arrayType : 'application/x-ndjson'],
    signature: first?.signature,
  };
}
