/** Takes a batch apart, when the database refuses it for the sake of one message. */
import type { MessageBatch } from '../event/message.ts';
import { quarantine } from './quarantine.ts';
import type { ReadMessage } from './recorder.ts';

/** The same messages in batches of one, in their order, covering the same span of offsets. */
export function oneByOne(batch: MessageBatch): readonly MessageBatch[] {
  const { span } = batch;
  return batch.messages.map((message, index) => {
    if (!span) return { ...batch, messages: [message] };
    const offset = span.offsets[index];
    if (offset === undefined) throw new RangeError('a span has one offset for each message');
    const nextOffset = span.offsets[index + 1] ?? span.nextOffset;
    return { ...batch, messages: [message], span: { ...span, offsets: [offset], nextOffset } };
  });
}

/** The message as one the database will take: its bytes in the quarantine instead of its events. */
export function refuse({ message, events, retryOf }: ReadMessage, cause: unknown): ReadMessage {
  const id = events[0]?.id;
  if (id === undefined)
    throw new RangeError('only a message with events can be refused', { cause });
  const reason = cause instanceof Error ? cause.message : String(cause);
  const refused = quarantine(message, id, `PostgreSQL refuses the event: ${reason}`);
  return { ...refused, ...(retryOf !== undefined && { retryOf }) };
}
