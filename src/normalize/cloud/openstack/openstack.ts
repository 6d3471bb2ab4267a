/**
 * OpenStack's notifications, as oslo.messaging puts them on RabbitMQ and Kafka.
 *
 *     {"message_id":"8ebf…","publisher_id":"compute.cmp-01","event_type":"compute.instance.create.end","priority":"INFO",
 *      "timestamp":"2026-11-21 21:47:22.458735","payload":{"instance_id":"178b…","tenant_id":"6f70…","state":"active"},
 *      "_context_project_id":"6f70…","_context_user":"7f4e…"}
 *
 * The payload says whose thing it is (openstack-owner.ts, openstack-identity.ts for Keystone), the context who asked,
 * which for Neutron's ports is often a service user.
 *
 * Source: oslo.messaging (see oslo.ts); the services' payloads (see openstack-paths.ts).
 */
import { parseJson } from '../../../event/text/exact-json.ts';
import { at, textAt } from '../../value/at.ts';
import { decodeItems } from '../../decode-items.ts';
import { limited } from '../../facts.ts';
import type { Facts } from '../../facts.ts';
import { isObject } from '../../value/json.ts';
import type { JsonObject } from '../../value/json.ts';
import { createEventMaker } from '../../make-event.ts';
import type { Decoder, NormalizerOptions } from '../../normalizer.ts';
import { cadfFacts, isCadf } from './openstack-cadf.ts';
import { factsOf } from './openstack-facts.ts';
import { isRequest } from './openstack-owner.ts';
import { isAudit, isSecondTelling, readEventType } from './openstack-type.ts';
import type { EventType } from './openstack-type.ts';
import { openOslo } from './oslo.ts';
import type { Notification } from './oslo.ts';

/**
 * Creates the normalizer. A message holds one event, several for Neutron's bulk requests and for what concerns two
 * projects, or none for RPC, for what is told twice and, unless kept, audit.
 */
export function createOpenStackNormalizer(options: NormalizerOptions): Decoder {
  const make = createEventMaker(options);
  return message => {
    const notification = openOslo(message.body, options.scrubber);
    if (notification === undefined) return [];
    const { eventType, priority } = notification;
    if (isSecondTelling(eventType)) return [];
    if (!options.keepAudit && isAudit(eventType, priority)) return [];
    const type = readEventType(eventType);
    const payloads = limited(payloadsOf(notification, type.resource));
    let around: JsonObject | undefined;
    const decoded = decodeItems(payloads, {
      read(payload, index) {
        const name = nameOf(
          notification,
          message.item ?? (payloads.length > 1 ? index : undefined),
        );
        const view = { ...notification.message, context: notification.context, payload };
        return toldIn(notification, type, payload).map(({ facts, suffix }) => {
          const key = name === undefined ? facts.key : `${name}${suffix}`;
          return make({ ...facts, key }, payload, message, view);
        });
      },
      alone: payload => ({ ...(around ??= aroundPayload(notification)), payload }),
    });
    return limited(decoded);
  };
}

/** Maximum length of what is put aside with each item of a bulk request. */
const aroundLengthMax = 16_384;

/** What a notification says beside its payload; where that is too much to be repeated, the shorter of its fields. */
function aroundPayload({ message }: Notification): JsonObject {
  const { payload: _, ...fields } = message;
  const sized = Object.entries(fields).map(([name, value]) => ({
    name,
    length: name.length + JSON.stringify(value).length,
  }));
  const kept = new Set<string>();
  let length = 0;
  for (const field of sized.toSorted((one, other) => one.length - other.length)) {
    length += field.length;
    if (length > aroundLengthMax) break;
    kept.add(field.name);
  }
  return Object.fromEntries(Object.entries(fields).filter(([name]) => kept.has(name)));
}

interface Told {
  readonly facts: Facts;
  /** Appended to the name of the notification, to tell the events of one payload apart. */
  readonly suffix: string;
}

function toldIn(notification: Notification, type: EventType, payload: JsonObject): readonly Told[] {
  // The body of a request may have every key of an audit record: whoever asks writes it.
  if (isCadf(payload) && !isRequest(notification, type)) {
    return [{ facts: cadfFacts(notification, payload), suffix: '' }];
  }
  const { facts, lessee } = factsOf(notification, type, payload);
  const told: Told = { facts, suffix: '' };
  if (lessee === undefined) return [told];
  const other = { ...facts, account: lessee, project: lessee, domain: undefined };
  return [told, { facts: other, suffix: '/lessee' }];
}

/**
 * Builds the notification's name. Several events of one bulk request are told apart by their index, which is the same
 * wherever it is sent.
 */
function nameOf({ message }: Notification, index: number | undefined): string | undefined {
  const id = textAt(message, 'message_id');
  return id === undefined || index === undefined ? id : `${id}/${index}`;
}

/**
 * The payload of each event: mostly the one of the message. Neutron's bulk requests have a list under the plural of the
 * resource (`ports`); a payload may also be a list, or a text, which the command line makes of JSON.
 */
function payloadsOf({ message }: Notification, resource: string): readonly JsonObject[] {
  const payload = parsed(message['payload']);
  const items = Array.isArray(payload) ? payload.filter(isObject) : [];
  if (items.length > 0) return items.map(unwrapped);
  if (!isObject(payload)) return [typeof payload === 'string' ? { message: payload } : {}];
  return bulkOf(payload, resource) ?? [unwrapped(payload)];
}

function bulkOf(payload: JsonObject, resource: string): readonly JsonObject[] | undefined {
  const name = resource.replaceAll('-', '_');
  for (const plural of [`${name}s`, name.replace(/y$/, 'ies'), `${name}es`]) {
    const items = plural === name ? undefined : at(payload, plural);
    if (!Array.isArray(items) || items.length === 0 || !items.every(isObject)) continue;
    return items.map(item => ({ [resource]: item }));
  }
  return undefined;
}

function parsed(payload: unknown): unknown {
  if (typeof payload !== 'string') return payload;
  try {
    const value: unknown = parseJson(payload);
    return isObject(value) ? value : payload;
  } catch {
    return payload;
  }
}

/**
 * Unwraps versioned objects: `{"nova_object.name":"…","nova_object.data":{…}}` becomes its data, and so do the objects
 * in it.
 */
function unwrapped(payload: JsonObject): JsonObject {
  const wrapped = Object.entries(payload).find(([key]) => /^\w+_object\.data$/.test(key))?.[1];
  if (!isObject(wrapped)) return payload;
  return Object.fromEntries(
    Object.entries(wrapped).map(([key, value]) => [key, withoutWrap(value)]),
  );
}

function withoutWrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutWrap);
  return isObject(value) ? unwrapped(value) : value;
}
