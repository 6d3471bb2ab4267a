/** Splits a batch that holds more than one statement should carry, or something that the database refuses. */
import type { MessageBatch } from '../event/message.ts';

/**
 * The part of the batch from message `from` up to `to`, with its share of the span of offsets, gaps behind it included.
 */
export function partOf(
  batch: MessageBatch,
  from: number,
  to = batch.messages.length,
): MessageBatch {
  const { span, messages } = batch;
  if (from === 0 && to === messages.length) return batch;
  const part = { ...batch, messages: messages.slice(from, to) };
  if (!span) return part;
  const offsets = span.offsets.slice(from, to);
  if (offsets.length < part.messages.length) {
    throw new RangeError('a span has one offset for each message');
  }
  // The part before moves the stored position up to the first record of this one.
  const fromOffset = from === 0 ? span.fromOffset : (offsets[0] ?? span.nextOffset);
  const nextOffset = span.offsets[to] ?? span.nextOffset;
  return { ...part, span: { ...span, fromOffset, offsets, nextOffset } };
}

/** The same messages in batches of one, in their order, covering the same span of offsets. */
export function oneByOne(batch: MessageBatch): readonly MessageBatch[] {
  return batch.messages.map((_, index) => partOf(batch, index, index + 1));
}
