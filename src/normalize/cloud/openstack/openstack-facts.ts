/**
 * The facts of a notification in its service's own form, which is every one that is not CADF.
 *
 * Source: the services' payloads (see openstack-paths.ts). Cinder and Designate tell what failed as everything else:
 * only the status in the payload says so.
 */
import { at, firstName, firstText, textAt } from '../../value/at.ts';
import type { Facts } from '../../facts.ts';
import type { JsonObject } from '../../value/json.ts';
import { concernedBy, isIdentity } from './openstack-identity.ts';
import type { Whom } from './openstack-identity.ts';
import { domainOf, isRequest, ownerOf, lesseeOf } from './openstack-owner.ts';
import type { OwnedPayload } from './openstack-owner.ts';
import { pathsOf, shown, uuidPaths } from './openstack-paths.ts';
import type { PayloadPaths } from './openstack-paths.ts';
import { serviceOf } from './openstack-type.ts';
import type { EventType } from './openstack-type.ts';
import type { Notification } from './oslo.ts';

export interface FactsFor {
  readonly facts: Facts;
  /** The project that is to hear of it as the owner does; undefined where there is none. */
  readonly lessee: string | number | undefined;
}

export function factsOf(
  notification: Notification,
  type: EventType,
  payload: JsonObject,
): FactsFor {
  const { eventType, context, message } = notification;
  const paths = pathsOf(eventType);
  const entity = paths.entity ?? type.resource;
  const owned: OwnedPayload = { paths, payload, entity };
  const status = statusOf(notification, type, payload);
  const uuid = uuidOf(notification, type, owned);
  const owner = isIdentity(eventType) ? undefined : ownerOf(notification, type, owned);
  const whom: Whom = isIdentity(eventType)
    ? concernedBy(eventType, entity, payload)
    : { account: owner };
  const said = isRequest(notification, type) ? undefined : describe(payload, paths);
  const facts = {
    ...whom,
    event: eventType,
    entity,
    entityuuid: uuid,
    project: whom.account,
    user: userOf(context, payload, paths),
    domain: domainOf(context, owner) ?? whom.provenDomain,
    status,
    eventDateTime: message['timestamp'],
    description: said ?? spell(entity, type, status),
    source: serviceOf(eventType, textAt(message, 'publisher_id')),
    details: detailsOf(notification, type, { owned, uuid }),
  };
  return { facts, lessee: lesseeOf(owned, owner) };
}

/** Finds the id. A request to create something has none: what stands there is what the asker wrote. */
function uuidOf(
  notification: Notification,
  type: EventType,
  { paths, payload, entity }: OwnedPayload,
): unknown {
  if (type.action === 'create' && isRequest(notification, type) && paths.uuid === undefined) {
    return undefined;
  }
  const places = [...(paths.uuid ?? []), ...uuidPaths(entity)];
  // A number is a row's, where anything else is told.
  const told = firstText(payload, places) ?? firstName(payload, places);
  if (told !== undefined) return lastOfArn(told);
  return paths.uuidInText?.exec(textAt(payload, 'message') ?? '')?.[1];
}

/** Finds who asked. Without a context the payload's user may be all that is told. */
function userOf(
  context: JsonObject,
  payload: JsonObject,
  { user = [] }: PayloadPaths,
): string | number | undefined {
  const asked = firstName(context, ['user_id', 'user']) ?? firstName(payload, user);
  if (asked !== undefined || Object.keys(context).length > 0) return asked;
  return firstName(payload, ['user_id']);
}

function statusOf(
  { eventType, priority }: Notification,
  type: EventType,
  payload: JsonObject,
): string {
  if (type.phase === 'error' || priority === 'error' || priority === 'critical') return 'Failed';
  if (eventType === 'task.failure') return 'Failed';
  if (type.phase === 'start' || type.phase === 'progress') return 'Started';
  if (/^task\.(?:create|run|processing)$/.test(eventType)) return 'Started';
  return isFailedByStatus(eventType, type, payload) ? 'Failed' : 'Completed';
}

/** Whether something failed that was told with `.end`, or without a phase, as what succeeds is. */
function isFailedByStatus(
  eventType: string,
  { action, phase }: EventType,
  payload: JsonObject,
): boolean {
  const status = textAt(payload, 'status')?.toLowerCase();
  if (status === undefined || !/^error|_error$/.test(status)) return false;
  if (action === 'reset_status') return false;
  if (eventType.startsWith('dns.')) return true;
  return (
    phase === 'end' &&
    /^(?:volume|snapshot|backup|group|group_snapshot|consistencygroup|cgsnapshot|share\w*)\./.test(
      eventType,
    )
  );
}

function describe(payload: JsonObject, { description = [] }: PayloadPaths): string | undefined {
  const paths = [...description, 'message', 'fault.exception_message', 'exception_message'];
  return paths.map(path => textAt(payload, path)).find(text => text !== undefined);
}

/**
 * Describes an event: `volume transfer accept failed`; Keystone's actions tell the result themselves: `user deleted`.
 */
function spell(entity: string, { action, words }: EventType, status: string): string {
  const place = words.lastIndexOf(entity);
  const isBefore = place >= 0 && place < words.length - 1;
  const told = isBefore ? words.slice(place).join(' ') : `${entity} ${action}`;
  return action.endsWith('ed') ? told : `${told} ${status.toLowerCase()}`;
}

/** Takes the id out of `arn:openstack:heat::6f70…:stacks/web/4a1b…`, as Heat once wrote it. */
function lastOfArn(uuid: string | number | undefined): string | number | undefined {
  return typeof uuid === 'string' && uuid.startsWith('arn:') ? uuid.split('/').at(-1) : uuid;
}

function detailsOf(
  { context, priority }: Notification,
  { phase }: EventType,
  { owned, uuid }: { owned: OwnedPayload; uuid: unknown },
): JsonObject {
  const { payload, paths, entity } = owned;
  const resource = at(payload, paths.body ?? entity);
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

/** Takes texts, numbers, and lists of texts, such as tags. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object') return value;
  const isTexts = Array.isArray(value) && value.every(item => typeof item === 'string');
  return isTexts && value.length > 0 ? value : undefined;
}
