/**
 * JSON of any bus, by the operator's mapping alone: a new bus needs no code.
 *
 * The body is one object; or a list of them; or an object in which the mapping's `events` finds such a list. Each
 * object is one event.
 */
import { MalformedMessageError } from '../../event/errors.ts';
import type { Message } from '../../event/message.ts';
import { decodeItems } from '../decode-items.ts';
import { limited } from '../facts.ts';
import { isObject, parseBody } from '../value/json.ts';
import { createEventMaker } from '../make-event.ts';
import { compileMapping } from '../mapping.ts';
import type { Decoder, NormalizerOptions } from '../normalizer.ts';

/** @throws {ConfigError} as `compileMapping`. */
export function createJsonNormalizer(options: NormalizerOptions): Decoder {
  const make = createEventMaker(options);
  const { eventsIn } = compileMapping(options.mapping);
  const hasEvents = options.mapping.events !== undefined;
  const itemsIn = (body: unknown, message: Message): readonly unknown[] => {
    // No rule finds the place of an item that comes back from the quarantine by itself: it is the body.
    if (message.item !== undefined) return [body];
    const found = hasEvents ? eventsIn(body, message) : body;
    return Array.isArray(found) ? found : listOf(found);
  };
  return message => {
    const body = options.scrubber.value(parseBody(message.body).value);
    return decodeItems(limited(itemsIn(body, message)), {
      read(item) {
        if (isObject(item)) return [make({ event: undefined }, item, message)];
        throw new MalformedMessageError(
          `${hasEvents ? 'what mapping.events finds' : 'the body'} is no JSON object; expected one, or a list of them`,
        );
      },
      alone: item => item,
    });
  };
}

/** Treats what `events` found as a list; where it found nothing there are no events. */
function listOf(found: unknown): readonly unknown[] {
  return found === undefined || found === null ? [] : [found];
}
