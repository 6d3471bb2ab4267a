/**
 * CloudEvents 1.0 in every form they travel in: structured (one JSON object), a batch (a list of them), or binary, where
 * the attributes are headers and the body is the data.
 *
 *     Kafka   ce_id: 0817…  ce_source: /sdk  ce_type: vm.off  ce_specversion: 1.0  content-type: application/json
 *     HTTP    ce-id: 0817…                                                         values percent-encoded
 *     AMQP    cloudEvents_id: 0817…  or  cloudEvents:id: 0817…
 *
 * Which form it is shows in the message itself: the content type may be missing. No
 * attribute names a tenant: a mapping does (`account: /tenantid`, `account: /data/project/id`); its pointers start at the
 * structured form whatever the form was.
 *
 * Source: cloudevents/spec 1.0.2: JSON format, HTTP, Kafka and AMQP protocol bindings.
 */
import { isUtf8 } from 'node:buffer';

import { MalformedMessageError } from '../../event/errors.ts';
import type { Message } from '../../event/message.ts';
import { parseJson } from '../../event/text/exact-json.ts';
import { textAt } from '../value/at.ts';
import { limited } from '../facts.ts';
import type { Facts } from '../facts.ts';
import { headerOf } from '../value/header.ts';
import { bodyBytesMax, isObject, parseBody } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import { createEventMaker } from '../make-event.ts';
import type { Normalizer, NormalizerOptions } from '../normalizer.ts';

const required = ['id', 'source', 'specversion', 'type'] as const;
/** The attributes that an envelope has a field for, or that say nothing about the event. */
const told: ReadonlySet<string> = new Set([
  ...required,
  'subject',
  'time',
  'datacontenttype',
  'authid',
  'data',
  'data_base64',
]);

export function createCloudEventsNormalizer(options: NormalizerOptions): Normalizer {
  const make = createEventMaker(options);
  return message =>
    limited(eventsIn(message)).map(event => {
      const view = options.scrubber.object(event);
      return make(factsOf(view), view, message);
    });
}

function eventsIn(message: Message): readonly JsonObject[] {
  const attributes = attributesIn(message);
  if (attributes !== undefined) return [{ ...attributes, ...dataIn(message) }];
  const body = parseBody(message.body).value;
  const events: readonly unknown[] = Array.isArray(body) ? body : [body];
  return events.map((event, index) => {
    if (isObject(event)) return readable(event);
    throw new MalformedMessageError(
      `there are no CloudEvents headers, and ${Array.isArray(body) ? `item ${index} of the body` : 'the body'} is no JSON object; expected one`,
    );
  });
}

/** Whether the headers say that the message is a CloudEvent; a structured one may come without saying so. */
export function isMarkedCloudEvent(message: Message): boolean {
  const contentType = headerOf(message, 'content-type') ?? '';
  return /^application\/cloudevents/i.test(contentType) || attributesIn(message) !== undefined;
}

const PREFIX = /^(?:ce[-_]|cloudEvents[:_])(.+)$/i;

/**
 * Reads the attributes of a binary message; undefined for any other. Their names are lower case, and HTTP may have
 * changed that.
 */
function attributesIn({ headers = {} }: Message): JsonObject | undefined {
  const attributes = Object.entries(headers).flatMap(([header, value]) => {
    const name = PREFIX.exec(header)?.[1]?.toLowerCase();
    if (name === undefined) return [];
    return [[name, /^ce-/i.test(header) ? percentDecoded(value) : value] as const];
  });
  return attributes.some(([name]) => name === 'specversion')
    ? Object.fromEntries(attributes)
    : undefined;
}

/** Source: HTTP protocol binding 1.0.2, section 3.1.3.2. */
function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function dataIn(message: Message): JsonObject {
  const { body } = message;
  if (body === null || body.length === 0) return {};
  const contentType = headerOf(message, 'content-type');
  if (body.length > bodyBytesMax) {
    throw new MalformedMessageError(
      `the data has ${body.length} bytes; expected at most ${bodyBytesMax}`,
    );
  }
  return { ...(contentType !== undefined && { datacontenttype: contentType }), ...decoded(body) };
}

/** Decodes data in base64, so that it is scrubbed as any other. */
function readable(event: JsonObject): JsonObject {
  const { data_base64: base64, ...rest } = event;
  return typeof base64 === 'string'
    ? { ...rest, ...decoded(Buffer.from(base64, 'base64')) }
    : event;
}

/** Decodes JSON, or other text. For bytes that are neither only their number is kept: nobody can scrub them. */
function decoded(bytes: Uint8Array): JsonObject {
  if (!isUtf8(bytes)) return { dataBytes: bytes.length };
  const text = Buffer.from(bytes).toString();
  try {
    return { data: parseJson(text) };
  } catch {
    return { data: text };
  }
}

function factsOf(event: JsonObject): Facts {
  const missing = required.filter(attribute => textAt(event, attribute) === undefined);
  if (missing.length > 0) {
    throw new MalformedMessageError(
      `the attribute ${missing.join(', ')} is missing; expected a CloudEvent with id, source, specversion and type`,
    );
  }
  if (textAt(event, 'specversion')?.startsWith('1.') !== true) {
    throw new MalformedMessageError(
      '"specversion" is not 1.0; expected version 1.0 of CloudEvents',
    );
  }
  return {
    event: event['type'],
    entityuuid: event['subject'],
    user: event['authid'],
    eventDateTime: event['time'],
    source: event['source'],
    details: {
      ...Object.fromEntries(Object.entries(event).filter(([name]) => !told.has(name))),
      data: event['data'],
    },
    key: JSON.stringify([event['source'], event['id']]),
  };
}
