/**
 * CloudEvents 1.0 in every form they travel in: structured (one JSON object), a batch (a list of them), or binary, where
 * the attributes are headers and the body is the data.
 *
 *     HTTP    ce-id: 0817…             quoted and percent-encoded where necessary
 *     Kafka   ce_id: 0817…             as it is, like all that follow
 *     AMQP    cloudEvents_id: 0817…    or  cloudEvents:id: 0817…,  or  ce-id: 0817…, in the RabbitMQ binding of Python's SDK
 *
 * The content type decides which form it is, whatever the headers say: a structured event may repeat its attributes there. Where there is none, the attributes decide. No
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
import { decodeItems } from '../decode-items.ts';
import { limited } from '../facts.ts';
import type { Facts } from '../facts.ts';
import { headerOf } from '../value/header.ts';
import { bodyBytesMax, isObject, parseBody } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import { createEventMaker } from '../make-event.ts';
import type { Bus, Decoder, NormalizerOptions } from '../normalizer.ts';
import { cut } from '../value/text.ts';

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

export function createCloudEventsNormalizer(options: NormalizerOptions): Decoder {
  const make = createEventMaker(options);
  return message =>
    decodeItems(limited(itemsIn(message, options.bus)), {
      read(item) {
        const view = options.scrubber.object(readable(item));
        return [make(factsOf(view), view, message)];
      },
      // Scrubbed, nothing is nested too deeply for being written.
      alone: item => [options.scrubber.value(item)],
    });
}

/** Whether the headers say that the message is a CloudEvent; a structured one may come without saying so. */
export function isMarkedCloudEvent(message: Message): boolean {
  return isStructured(message) || hasAttributes(message);
}

function itemsIn(message: Message, bus: Bus): readonly unknown[] {
  if (!isStructured(message) && hasAttributes(message)) {
    return [{ ...attributesIn(message, bus), ...dataIn(message) }];
  }
  const contentType = headerOf(message, 'content-type') ?? '';
  const encoding = /^application\/cloudevents(?:-batch)?\+(?!json\b)(\w+)/i.exec(contentType)?.[1];
  if (encoding !== undefined) {
    throw new MalformedMessageError(`the event is encoded in ${encoding}; expected JSON`);
  }
  const body = parseBody(message.body).value;
  return Array.isArray(body) ? body : [body];
}

const isStructured = (message: Message): boolean =>
  /^application\/cloudevents/i.test(headerOf(message, 'content-type') ?? '');

const PREFIX = /^(?:ce[-_]|cloudEvents[:_])(.+)$/i;

/** The name of the attribute that a header holds, in lower case: HTTP may have changed that. */
const attributeOf = (header: string): string | undefined => PREFIX.exec(header)?.[1]?.toLowerCase();

const hasAttributes = ({ headers = {} }: Message): boolean =>
  Object.keys(headers).some(header => attributeOf(header) === 'specversion');

/** Reads the attributes of a binary message. */
function attributesIn({ headers = {} }: Message, bus: Bus): JsonObject {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([header, value]) => {
      const name = attributeOf(header);
      return name === undefined || isData(name)
        ? []
        : [[name, attributeIn(value, { name, header, bus })] as const];
    }),
  );
}

/** No attributes: the body of a binary message is its data, whatever a header of that name says. */
const isData = (name: string): boolean => name === 'data' || name === 'data_base64';

function attributeIn(
  value: string,
  { name, header, bus }: { name: string; header: string; bus: Bus },
): string | number {
  if (bus === 'http') return decodedHeader(value, header);
  // Python's SDK writes the time as a number, in milliseconds.
  return name === 'time' && /^\d+$/.test(value) ? Number(value) : value;
}

const QUOTED = /^"((?:[^"\\]|\\.)*)"$/s;

/**
 * Decodes the value of an HTTP header: quotes are taken off, then whole triplets decoded once; a lone `%` stays.
 *
 * Source: HTTP protocol binding 1.0.2, section 3.1.3.2, which demands that bytes that are no UTF-8 (`%C0%A0`) are refused.
 */
function decodedHeader(value: string, header: string): string {
  const quoted = QUOTED.exec(value)?.[1];
  const unquoted = quoted === undefined ? value : quoted.replace(/\\(.)/gs, '$1');
  return unquoted.replace(/(?:%[\da-f]{2})+/gi, triplets => {
    const bytes = Buffer.from(triplets.replaceAll('%', ''), 'hex');
    if (isUtf8(bytes)) return bytes.toString();
    throw new MalformedMessageError(
      `the header ${JSON.stringify(cut(header, 40))} is no UTF-8 when it is percent-decoded; expected UTF-8`,
    );
  });
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
  const type = contentType === undefined ? {} : { datacontenttype: contentType };
  return { ...type, ...decoded(body, contentType) };
}

/** Decodes data in base64, so that it is scrubbed as any other. */
function readable(event: unknown): JsonObject {
  if (!isObject(event)) {
    throw new MalformedMessageError(
      'there are no CloudEvents headers, and it is no JSON object; expected a CloudEvent',
    );
  }
  const { data_base64: base64, ...rest } = event;
  if (typeof base64 !== 'string') return event;
  return { ...rest, ...decoded(Buffer.from(base64, 'base64'), textAt(event, 'datacontenttype')) };
}

/** Content types of data that is a text, whatever it looks like. */
const TEXT = /^text\/(?!json\b)/i;

/**
 * Decodes JSON, or other text. For bytes that are neither only their number is kept: nobody can scrub them.
 */
function decoded(bytes: Uint8Array, contentType: string | undefined): JsonObject {
  if (!isUtf8(bytes)) return { dataBytes: bytes.length };
  const text = Buffer.from(bytes).toString();
  if (contentType !== undefined && TEXT.test(contentType)) return { data: text };
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
