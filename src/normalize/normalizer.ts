/** What every cloud's normalizer is: bytes in, events out, nothing else. */
import type { Envelope } from '../event/event.ts';
import type { Message } from '../event/message.ts';

/** An event that has no id yet: recording gives it one. */
export interface NormalizedEvent {
  readonly envelope: Envelope;
  /** The exact text that is stored, signed and sent in the format `cloudstack` (contract 1.5). */
  readonly body: string;
}

/**
 * Makes events of one message; one message may tell of several.
 *
 * Pure and total: whatever the bytes, it answers with events or throws MalformedMessageError.
 *
 * @throws {MalformedMessageError} when the message can never be understood; its message says what was found and
 *   what was expected, and repeats nothing of the body.
 */
export type Normalizer = (message: Message) => readonly NormalizedEvent[];
