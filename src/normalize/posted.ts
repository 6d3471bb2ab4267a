/**
 * Reads what is posted to `POST /v1/events`: envelopes as they are delivered, one or a list of them, or CloudEvents.
 *
 *     {"event":"backup.finished","entity":"backup","entityuuid":"…","account":"…","status":"Completed","id":"job-17"}
 *
 * `id` is the sender's own: an event whose id is recorded already is not recorded again.
 */
import { MalformedMessageError } from '../event/errors.ts';
import { categories, factNames } from '../event/envelope.ts';
import type { Category } from '../event/envelope.ts';
import type { Message } from '../event/message.ts';
import { createCloudEventsNormalizer, isMarkedCloudEvent } from './cloud/cloudevents.ts';
import { decodeItems } from './decode-items.ts';
import { limited } from './facts.ts';
import { isObject, parseBody } from './value/json.ts';
import type { JsonObject } from './value/json.ts';
import { createEventMaker } from './make-event.ts';
import type { NormalizedEvent } from './normalized-event.ts';
import type { Decoder, NormalizerOptions } from './normalizer.ts';
import { cut } from './value/text.ts';

/** Names of the fields that are read (contract 1.4). */
const postedFields: readonly string[] = ['id', ...factNames];

export function createPostedNormalizer(options: NormalizerOptions): Decoder {
  const readCloudEvents = createCloudEventsNormalizer(options);
  const make = createEventMaker(options);
  return message => {
    if (isMarkedCloudEvent(message)) return readCloudEvents(message);
    const body = parseBody(message.body).value;
    const items: readonly unknown[] = Array.isArray(body) ? body : [body];
    const place = Array.isArray(body) ? 'the item' : 'the body';
    return decodeItems(limited(items), {
      read(item) {
        if (!isObject(item)) {
          throw new MalformedMessageError(`${place} is no JSON object; expected an event`);
        }
        refuseOthers(item, place);
        return [eventOf(options.scrubber.object(item), { place, make, message })];
      },
      // Scrubbed, nothing is nested too deeply for being written.
      alone: item => [options.scrubber.value(item)],
    });
  };
}

/** Refuses unknown fields: a mistyped name would be a fact that is missing, and nobody would know. */
function refuseOthers(item: JsonObject, place: string): void {
  const other = Object.keys(item).find(name => !postedFields.includes(name));
  if (other === undefined) return;
  throw new MalformedMessageError(
    `${place} has a field ${JSON.stringify(cut(other, 40))}; expected none but ${postedFields.join(', ')}`,
  );
}

interface Deps {
  readonly place: string;
  readonly make: ReturnType<typeof createEventMaker>;
  readonly message: Message;
}

function eventOf(item: JsonObject, { place, make, message }: Deps): NormalizedEvent {
  const { id, category, details, event, ...facts } = item;
  if (details !== undefined && details !== null && !isObject(details)) {
    throw new MalformedMessageError(`"details" of ${place} is no JSON object; expected one`);
  }
  // Whoever may post an event may say whom it concerns.
  const made = make(
    {
      ...facts,
      event,
      key: id,
      details: isObject(details) ? details : undefined,
      provenDomain: facts['domain'],
    },
    item,
    message,
  );
  if (category === undefined || category === null) return made;
  if (!isCategory(category)) {
    throw new MalformedMessageError(
      `"category" of ${place} is none of CloudStack's; expected none, or one of ${categories.join(', ')}`,
    );
  }
  // By CloudStack's rules a domain alone covers nobody.
  const { provenDomain: _, ...others } = made;
  return { ...others, envelope: { category, ...made.envelope } };
}

const isCategory = (value: unknown): value is Category =>
  categories.some(category => category === value);
