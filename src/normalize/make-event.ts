/** The last step of every decoder: the operator's mapping and the payload are added, and the facts become an event. */
import type { Message } from '../event/message.ts';
import { eventOf } from './facts.ts';
import type { Facts } from './facts.ts';
import type { JsonObject } from './value/json.ts';
import { compileMapping } from './mapping.ts';
import type { NormalizedEvent } from './normalized-event.ts';
import type { NormalizerOptions } from './normalizer.ts';

/**
 * Makes one event.
 *
 * @param payload the part of the message that this event was made of, without its secrets; `details.payload` shows it.
 * @param view where the pointers of a mapping start, when that is more than the payload.
 * @throws {MalformedMessageError} as `eventOf` and `Mapping.factsIn`.
 */
export type MakeEvent = (
  facts: Facts,
  payload: JsonObject,
  message: Message,
  view?: JsonObject,
) => NormalizedEvent;

/** @throws {ConfigError} as `compileMapping`. */
export function createEventMaker({
  mapping,
  showPayload,
}: Pick<NormalizerOptions, 'mapping' | 'showPayload'>): MakeEvent {
  const { factsIn } = compileMapping(mapping);
  return (facts, payload, message, view = payload) => {
    const mapped = factsIn(view, message);
    return eventOf({
      ...facts,
      ...mapped,
      // What the operator's mapping says of the domain is the operator's word, as it is of the account.
      provenDomain: mapped.domain ?? facts.provenDomain,
      details: { ...facts.details, ...mapped.details, ...(showPayload && { payload }) },
    });
  };
}
