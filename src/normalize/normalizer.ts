/** What every cloud's normalizer is: bytes in, events out, nothing else. */
import type { Message } from '../event/message.ts';
import type { MappingRules } from './mapping.ts';
import type { NormalizedEvent } from './normalized-event.ts';
import type { Scrubber } from './scrub/scrub.ts';

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
