/** A decoder's answer: an event that has no id yet. */
import type { Envelope } from '../event/envelope.ts';
import type { Proven } from '../event/event.ts';

/** An envelope while it is being filled in. */
export type EnvelopeDraft = { -readonly [K in keyof Envelope]: Envelope[K] };

/**
 * An event that has no id yet: recording gives it one. `provenDomain` and `provenUser` are there where the message
 * proves whom it concerns and no account need own it: who could write the fact has to be the cloud or somebody who may
 * speak for that domain or user. An account that the directory knows comes before both.
 */
export interface NormalizedEvent extends Proven {
  readonly envelope: Envelope;
  /**
   * The exact text that is stored, signed and sent in the format `cloudstack` (contract 1.5). Absent for every cloud
   * but CloudStack, whose body is the envelope as JSON: it holds the id, which the event does not have yet.
   */
  readonly body?: string;
  /**
   * The event's own name on its source, for ever: whenever the source repeats the event, on another topic or by another
   * try, the key is the same, and no other event has it. At most `nameLengthMax` characters. Absent where the cloud
   * gives its events no identity.
   *
   * @example '8ebf3bc5-4d4b-4a53-9d0f-0f1ef1e6d0a8' // oslo.messaging's message_id
   */
  readonly key?: string;
}
