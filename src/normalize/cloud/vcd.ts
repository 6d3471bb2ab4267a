/**
 * VMware Cloud Director's notifications on RabbitMQ: facts in the headers, and in a body of JSON (exchange
 * `<prefix>.notifications20`) or of XML (the older exchange), of which the headers alone are read.
 *
 *     {"eventId":"a144…","type":"com/vmware/vcloud/event/vm/create","timestamp":"2011-06-18T14:33:27.787+03:00",
 *      "operationSuccess":true,"user":"urn:vcloud:user:44","org":"urn:vcloud:org:70","entity":"urn:vcloud:vm:25"}
 *
 * Source: vCloud API Programming Guide 5.5, "Notification Message Format" (JSON and headers); 10.4, AMQP settings.
 */
import { MalformedMessageError } from '../../event/errors.ts';
import type { Message } from '../../event/message.ts';
import type { Facts } from '../facts.ts';
import { parseObject } from '../value/json.ts';
import type { JsonObject } from '../value/json.ts';
import { createEventMaker } from '../make-event.ts';
import type { Decoder, NormalizerOptions } from '../normalizer.ts';

export function createVcdNormalizer(options: NormalizerOptions): Decoder {
  const make = createEventMaker(options);
  return message => {
    const headers = options.scrubber.object(message.headers ?? {});
    const isXml = message.body !== null && firstCharacter(message.body) === '<';
    if (isXml && isName(headers['notification.type'])) {
      return [make(factsOf({}, headers), headers, message)];
    }
    const body = options.scrubber.object(readJson(message, isXml));
    return [make(factsOf(body, headers), body, message)];
  };
}

function readJson({ body }: Message, isXml: boolean): JsonObject {
  if (!isXml) return parseObject(body).value;
  throw new MalformedMessageError(
    'the body is XML and there is no header "notification.type"; expected the header, or JSON',
  );
}

/** The first character that is neither white space nor a byte order mark. */
function firstCharacter(body: Uint8Array): string {
  return Buffer.from(body.subarray(0, 64)).toString().trimStart().charAt(0);
}

function factsOf(body: JsonObject, headers: JsonObject): Facts {
  const type = isName(body['type']) ? body['type'] : headers['notification.type'];
  if (!isName(type)) {
    throw new MalformedMessageError(
      'there is no "type" in the body and no header "notification.type"; expected the event type as text',
    );
  }
  const [
    entity = headers['notification.entityType'],
    entityId = headers['notification.entityUUID'],
  ] = partsOf(body['entity']);
  const [, org = headers['notification.orgUUID']] = partsOf(body['org']);
  const [, user = headers['notification.userUUID']] = partsOf(body['user']);
  const success = body['operationSuccess'] ?? headers['notification.operationSuccess'];
  return {
    event: type,
    entity,
    entityuuid: entityId,
    account: org,
    user,
    domain: org,
    provenDomain: org,
    status: statusOf(type, success),
    eventDateTime: body['timestamp'],
    description: type,
    source: 'vcd',
    details: {
      task: partsOf(body['task'])[1] ?? headers['notification.taskUUID'],
      taskOwner: body['taskOwner'],
      taskName: headers['notification.taskName'],
    },
    key: body['eventId'],
  };
}

/** Splits `urn:vcloud:vm:25` into the kind `vm` and the id `25`. */
function partsOf(urn: unknown): readonly (string | undefined)[] {
  const [, kind, id] = typeof urn === 'string' ? (/^urn:[^:]+:([^:]+):(.+)$/.exec(urn) ?? []) : [];
  return [kind, id];
}

/** Events that say themselves how something stands; `operationSuccess` only says that saying so went well. */
const FAILED = /\/(?:fail|abort|failed|aborted)$/;
const STARTED = /(?:_request|\/task\/(?:create|start))$/;

/** The status. A request is told before the work is done: its success only means that it was accepted. */
function statusOf(type: string, success: unknown): string | undefined {
  if (success === false || success === 'false' || FAILED.test(type)) return 'Failed';
  if (STARTED.test(type)) return 'Started';
  return success === true || success === 'true' ? 'Completed' : undefined;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
