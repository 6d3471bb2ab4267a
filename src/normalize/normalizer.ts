/** The interface of every cloud's normalizer: bytes in, events out, nothing else. */
import type { SourceConfig } from '../config/source/source.ts';
import type { Message } from '../event/message.ts';
import type { MappingRules } from './mapping.ts';
import type { NormalizedEvent } from './normalized-event.ts';
import type { Scrubber } from './scrub/scrub.ts';

/** What a decoder makes of an item of a message: an event, or the reason why it can never become one. */
export type Decoded = NormalizedEvent | Refusal;

export interface Refusal {
  /** What was found and what was expected; it repeats nothing of the message. */
  readonly refused: string;
  /** Index of the item in its message. Absent where the message is refused as a whole. */
  readonly item?: number;
  /** The body of a message that holds the item alone; absent where the message is refused as a whole. */
  readonly body?: Uint8Array;
}

export const isRefusal = (decoded: Decoded): decoded is Refusal => 'refused' in decoded;

/**
 * Reads one message. It may hold several items, or none that anybody wants: `[]` is not an error.
 *
 * Pure and total: whatever the bytes, it answers with events and refusals, in the order of the items.
 */
export type Normalizer = (message: Message) => readonly Decoded[];

/**
 * A normalizer before it is made total (`decode-items.ts`): one for each cloud.
 *
 * @throws {MalformedMessageError} when the message as a whole can never be understood; its message says what was found
 *   and what was expected, and repeats nothing of the body.
 */
export type Decoder = (message: Message) => readonly Decoded[];

/** The way a message came, where that decides how its headers are written. */
export type Bus = SourceConfig['kind'];

/** An operator's options for reading a source; `normalizerFor` fills in the defaults. */
export interface NormalizerOptions {
  readonly scrubber: Scrubber;
  readonly bus: Bus;
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

export type DecoderFactory = (options: NormalizerOptions) => Decoder;
