/** The interface of every cloud's normalizer: bytes in, events out, nothing else. */
import type { Message } from '../event/message.ts';
import type { MappingRules } from './mapping.ts';
import type { NormalizedEvent } from './normalized-event.ts';
import type { Scrubber } from './scrub/scrub.ts';

/**
 * Makes events of one message. It may hold several, or none that anybody wants: `[]` is not an error.
 *
 * Pure and total: whatever the bytes, it answers with events or throws MalformedMessageError.
 *
 * @throws {MalformedMessageError} when the message can never be understood; its message says what was found and what
 *   was expected, and repeats nothing of the body.
 */
export type Normalizer = (message: Message) => readonly NormalizedEvent[];

/** An operator's options for reading a source; `normalizerFor` fills in the defaults. */
export interface NormalizerOptions {
  readonly scrubber: Scrubber;
  /**
   * Keep OpenStack's periodic and audit notifications, which do not mean that anything happened: `*.exists`, metrics,
   * samples, audited requests.
   */
  readonly keepAudit: boolean;
  /**
   * Age in milliseconds at which Monasca's alarm transitions are dropped, as its own notification engine does; 0 keeps
   * all.
   */
  readonly alarmTtlMs: number;
  /** Show the part of the message that an event was made of, without its secrets, as `details.payload`. */
  readonly showPayload: boolean;
  /** Rules for facts that the format does not find by itself, or finds elsewhere. */
  readonly mapping: MappingRules;
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
}

export type NormalizerFactory = (options: NormalizerOptions) => Normalizer;
