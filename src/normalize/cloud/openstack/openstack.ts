/**
 * OpenStack's notifications, as oslo.messaging puts them on RabbitMQ and Kafka.
 *
 *     {"message_id":"8ebf…","publisher_id":"compute.cmp-01","event_type":"compute.instance.create.end","priority":"INFO",
 *      "timestamp":"2026-11-21 21:47:22.458735","payload":{"instance_id":"178b…","tenant_id":"6f70…","state":"active"},
 *      "_context_project_id":"6f70…","_context_user":"7f4e…"}
 *
 * Whose event it is, the payload says; the context only says who asked, which for Neutron's ports is often a service
 * user. So the context's project counts only where the payload names no owner, and never when it is a service's or an
 * administrator's: rather no tenant sees an event than a wrong one.
 *
 * Source: oslo.messaging (see oslo.ts); the services' payloads (see openstack-paths.ts).
 */
import { at, firstName, textAt } from '../../value/at.ts';
import { limited } from '../../facts.ts';
import type { Facts } from '../../facts.ts';
import { isObject } from '../../value/json.ts';
import type { JsonObject } from '../../value/json.ts';
import { createEventMaker } from '../../make-event.ts';
import type { Normalizer, NormalizerOptions } from '../../normalizer.ts';
import { cadfFacts, isCadf } from './openstack-cadf.ts';
import { ownerPaths, pathsOf, shown, uuidPaths } from './openstack-paths.ts';
import type { PayloadPaths } from './openstack-paths.ts';
import { isAudit, readEventType, serviceOf } from './openstack-type.ts';
import type { EventType } from './openstack-type.ts';
import { openOslo } from './oslo.ts';
import type { Notification } from './oslo.ts';

/**
 * Creates the normalizer. A message holds one event, several for Neutron's bulk requests, or none for RPC and, unless
 * kept, audit.
 */
export function createOpenStackNormalizer(options: NormalizerOptions): Normalizer {
  const make = createEventMaker(options);
  return message => {
    const notification = openOslo(message.body, options.scrubber);
    if (notification === undefined) return [];
    const { eventType, priority } = notification;
    if (!options.keepAudit && isAudit(eventType, priority)) return [];
    const type = readEventType(eventType);
    const payloads = limited(payloadsOf(notification, type.resource));
    return payloads.map((payload, index) => {
      const facts = isCadf(payload)
        ? cadfFacts(notification, payload)
        : factsOf(notification, type, payload);
      const key = keyOf(notification, payloads.length > 1 ? index : undefined);
      const view = { ...notification.message, context: notification.context, payload };
      return make({ ...facts, key: key ?? facts.key }, payload, message, view);
    });
  };
}

/**
 * Builds the event's key. Several events of one notification are told apart by their index, which is the same wherever
 * it is sent.
 */
function keyOf({ message }: Notification, index: number | undefined): string | undefined {
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
    const value: unknown = JSON.parse(payload);
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

function factsOf(notification: Notification, type: EventType, payload: JsonObject): Facts {
  const { eventType, context, message } = notification;
  const paths = pathsOf(eventType);
  const entity = paths.entity ?? type.resource;
  const status = statusOf(notification, type, payload);
  const owner = ownerOf(notification, type, { paths, payload, entity });
  const uuid = lastOfArn(firstName(payload, [...(paths.uuid ?? []), ...uuidPaths(entity)]));
  return {
    event: eventType,
    entity,
    entityuuid: uuid,
    account: owner,
    project: owner,
    user:
      firstName(payload, [...(paths.user ?? []), 'user_id']) ??
      firstName(context, ['user_id', 'user']),
    domain: domainOf(context, owner),
    status,
    eventDateTime: message['timestamp'],
    description: describe(payload, paths) ?? spell(entity, type.action, status),
    source: serviceOf(eventType, textAt(message, 'publisher_id')),
    details: detailsOf(notification, type, { payload, entity, uuid }),
  };
}

function statusOf(
  { eventType, priority }: Notification,
  type: EventType,
  payload: JsonObject,
): string {
  if (type.phase === 'error' || priority === 'error' || priority === 'critical') return 'Failed';
  if (eventType === 'task.failure') return 'Failed';
  if (type.phase === 'start' || type.phase === 'progress') return 'Started';
  return isFailedVolume(eventType, type, payload) ? 'Failed' : 'Completed';
}

/** Whether a volume's request failed. Cinder ends a failed one with `.end` as any other; only the status tells. */
function isFailedVolume(
  eventType: string,
  { action, phase }: EventType,
  payload: JsonObject,
): boolean {
  return (
    /^(?:volume|snapshot|backup|group|group_snapshot|consistencygroup|cgsnapshot)\./.test(
      eventType,
    ) &&
    phase === 'end' &&
    action !== 'reset_status' &&
    textAt(payload, 'status')?.startsWith('error') === true
  );
}

interface OwnedPayload {
  readonly paths: PayloadPaths;
  readonly payload: JsonObject;
  readonly entity: string;
}

/**
 * Finds the owner. One that is named and empty counts: it means nobody, as for the networks that Neutron makes for
 * itself.
 */
function ownerOf(
  { eventType, context }: Notification,
  { phase }: EventType,
  { paths: { owner = [], isOperators }, payload, entity }: OwnedPayload,
): string | number | undefined {
  // In Keystone's short format the project is nothing but an id.
  if (eventType.startsWith('identity.project.')) return textAt(payload, 'resource_info');
  const paths = [...owner, ...ownerPaths(entity)];
  const named = firstName(payload, paths);
  if (isOperators) return named;
  const asking = projectOf(context);
  if (phase === 'start' && isRequest(payload, entity)) return asking ?? named;
  return paths.some(path => at(payload, path) !== undefined) ? named : asking;
}

/**
 * Whether the payload is the body of a request, as at the start of a creation in Neutron. Anybody may name anybody as
 * the owner there; only an administrator may mean it.
 */
function isRequest(payload: JsonObject, entity: string): boolean {
  const body = at(payload, entity);
  return isObject(body) && body['id'] === undefined;
}

/** Finds the project of whoever asked, unless that is a service or an administrator, who act on others' resources. */
function projectOf(context: JsonObject): string | number | undefined {
  const { is_admin: isAdmin, roles } = context;
  const names = ['project_name', 'tenant_name'].map(key => textAt(context, key)?.toLowerCase());
  const acts = Array.isArray(roles) ? roles.map(role => String(role).toLowerCase()) : [];
  if (isAdmin === true || acts.includes('service') || acts.includes('admin')) return undefined;
  if (names.includes('service') || names.includes('services')) return undefined;
  return firstName(context, projectKeys);
}

const projectKeys = ['project_id', 'tenant_id', 'project', 'tenant'];

/** Finds the domain; the context knows that of its own project only. */
function domainOf(context: JsonObject, owner: string | number | undefined): unknown {
  return owner !== undefined && firstName(context, projectKeys) === owner
    ? firstName(context, ['project_domain', 'project_domain_id'])
    : undefined;
}

function describe(payload: JsonObject, { description = [] }: PayloadPaths): string | undefined {
  const paths = [...description, 'message', 'fault.exception_message', 'exception_message'];
  return paths.map(path => textAt(payload, path)).find(text => text !== undefined);
}

/** Describes an event: `volume create failed`; Keystone's actions tell the result themselves: `user deleted`. */
function spell(entity: string, action: string, status: string): string {
  return action.endsWith('ed')
    ? `${entity} ${action}`
    : `${entity} ${action} ${status.toLowerCase()}`;
}

/** Takes the id out of `arn:openstack:heat::6f70…:stacks/web/4a1b…`, as Heat once wrote it. */
function lastOfArn(uuid: string | number | undefined): string | number | undefined {
  return typeof uuid === 'string' && uuid.startsWith('arn:') ? uuid.split('/').at(-1) : uuid;
}

function detailsOf(
  { context, priority }: Notification,
  { phase }: EventType,
  { payload, entity, uuid }: { payload: JsonObject; entity: string; uuid: unknown },
): JsonObject {
  const resource = at(payload, entity);
  const attachments = at(payload, 'volume_attachment');
  const instances = Array.isArray(attachments)
    ? attachments.flatMap(attachment => textAt(attachment, 'instance_uuid') ?? [])
    : [];
  const facts = shown
    .map(key => [key, plain(at(payload, key)) ?? plain(at(resource, key))] as const)
    .filter(([, value]) => value !== undefined && value !== uuid);
  return {
    phase,
    priority,
    request_id: textAt(context, 'request_id'),
    ...Object.fromEntries(facts),
    ...(instances.length > 0 && { instance_uuids: instances }),
  };
}

function plain(value: unknown): unknown {
  return typeof value === 'object' ? undefined : value;
}
