/** What every cloud's normalizer is: bytes in, events out, nothing else. */
import type { Envelope } from '../event/event.ts';
import type { Message } from '../event/message.ts';
import type { MappingRules } from './mapping.ts';
import type { Scrubber } from './scrub.ts';

/** An event that has no id yet: recording gives it one. */
export interface NormalizedEvent {
  readonly envelope: Envelope;
  /**
   * The exact text that is stored, signed and sent in the format `cloudstack` (contract 1.5). Absent for every cloud but
   * CloudStack: then it is the envelope as JSON, which nobody can write before the event has its id.
   */
  readonly body?: string;
  /**
   * Names this event for ever on its source: whenever the source tells of it again, on another topic or by another
   * try, the key is the same, and no other event has it. At most `nameLengthMax` characters. Absent where the cloud gives
   * its events no identity.
   *
   * @example '8ebf3bc5-4d4b-4a53-9d0f-0f1ef1e6d0a8' // oslo.messaging's message_id
   */
  readonly key?: string;
}

/**
 * Makes events of one message; one message may tell of several, or of none that anyone wants: `[]` is not an error.
 *
 * Pure and total: whatever the bytes, it answers with events or throws MalformedMessageError.
 *
 * @throws {MalformedMessageError} when the message can never be understood; its message says what was found and
 *   what was expected, and repeats nothing of the body.
 */
export type Normalizer = (message: Message) => readonly NormalizedEvent[];

/** What an operator may say about how a source is read; `normalizerFor` fills in what was not said. */
export interface NormalizerOptions {
  readonly scrubber: Scrubber;
  /** Take what OpenStack repeats without anything having happened: `*.exists`, metrics, samples, audited requests. */
  readonly keepAudit: boolean;
  /** Monasca's alarm transitions older than this are dropped, as its own notification engine does; 0 keeps all. */
  readonly alarmTtlMs: number;
  /** Show what an event was made of, without its secrets, as `details.payload`. */
  readonly showPayload: boolean;
  /** Where facts are found that the format does not find by itself, or finds elsewhere. */
  readonly mapping: MappingRules;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export type NormalizerFactory = (options: NormalizerOptions) => Normalizer;
