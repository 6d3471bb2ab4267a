/**
 * Decodes the items of a message one by one, so that an item that cannot be read takes nothing with it: its events are
 * those of the others, and it is put aside alone, as a message of its own that the same decoder reads again.
 */
import { MalformedMessageError } from '../event/errors.ts';
import type { NormalizedEvent } from './normalized-event.ts';
import { isRefusal } from './normalizer.ts';
import type { Decoded, Decoder, Normalizer, Refusal } from './normalizer.ts';

export interface ItemReading<T> {
  /** Reads one item. @throws {MalformedMessageError} when it can never become an event. */
  readonly read: (item: T, index: number) => readonly NormalizedEvent[];
  /**
   * The body of a message that holds this item alone. The decoder is given it with the item's index, as
   * `Message.item`.
   */
  readonly alone: (item: T) => unknown;
}

/** Maximum number of reasons that a message is refused with, when none of its items can be read. */
const reasonCountMax = 3;

/**
 * Decodes each item. Where none becomes an event the message is refused as a whole: there is nothing that it would take
 * with it, and so it is put aside byte for byte.
 */
export function decodeItems<T>(
  items: readonly T[],
  { read, alone }: ItemReading<T>,
): readonly Decoded[] {
  const decoded = items.flatMap((item, index): readonly Decoded[] => {
    try {
      return read(item, index);
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      return [{ refused: error.message, item: index }];
    }
  });
  const refusals = decoded.filter(isRefusal);
  if (refusals.length === 0) return decoded;
  if (refusals.length === decoded.length) return [{ refused: reasonOf(refusals, items.length) }];
  return decoded.map(one => {
    if (!isRefusal(one) || one.item === undefined) return one;
    const item = items[one.item];
    return item === undefined ? one : { ...one, body: Buffer.from(JSON.stringify(alone(item))) };
  });
}

function reasonOf(refusals: readonly Refusal[], itemCount: number): string {
  const named = refusals
    .slice(0, reasonCountMax)
    .map(({ refused, item }) => (itemCount === 1 ? refused : `item ${item}: ${refused}`));
  const more = refusals.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/**
 * Makes a decoder total: a message that it cannot read at all is one refusal. So is one that is nested too deeply or grows too
 * long for JavaScript, whichever part of the decoder meets it: a bus would give it again and again.
 */
export function total(decode: Decoder): Normalizer {
  return message => {
    try {
      return decode(message);
    } catch (error) {
      if (error instanceof MalformedMessageError) return [{ refused: error.message }];
      if (error instanceof RangeError) {
        return [{ refused: `too deep or too long to be read: ${error.message}` }];
      }
      throw error;
    }
  };
}
