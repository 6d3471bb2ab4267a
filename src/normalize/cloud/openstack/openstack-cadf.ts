/**
 * OpenStack's events in CADF, the audit format of DMTF, which Keystone writes by default, and Magnum and the API's audit
 * middleware, too.
 *
 *     {"typeURI":"http://schemas.dmtf.org/cloud/audit/1.0/event","eventType":"activity","id":"5c6f…","action":"created.project",
 *      "eventTime":"2026-11-21T21:49:17.946092+0000","outcome":"success","initiator":{"id":"…","user_id":"7f4e…",
 *      "project_id":"6f70…"},"target":{"id":"8a1c…","typeURI":"data/security/project"},"resource_info":"8a1c…"}
 *
 * Source: pycadf event.py; openstack/keystone notifications.py (`_send_audit_notification`, role assignments).
 */
import { firstName, textAt } from '../../value/at.ts';
import type { Facts } from '../../facts.ts';
import { isObject } from '../../value/json.ts';
import type { JsonObject } from '../../value/json.ts';
import { readEventType, serviceOf } from './openstack-type.ts';
import type { Notification } from './oslo.ts';

export function isCadf(payload: JsonObject): boolean {
  const { initiator, outcome, typeURI: uri } = payload;
  if (!isObject(initiator) || typeof outcome !== 'string') return false;
  return typeof uri === 'string' && uri.includes('/cloud/audit/');
}

/** Paths of the user; `initiator.id` may be only a hash of its id. */
const userPaths = ['initiator.user_id', 'initiator.id'];
const statuses: ReadonlyMap<string, string> = new Map([
  ['success', 'Completed'],
  ['failure', 'Failed'],
  ['pending', 'Started'],
]);

export function cadfFacts({ message, eventType, context }: Notification, event: JsonObject): Facts {
  const { outcome } = event;
  const entity = entityOf(eventType, event);
  const owner = ownerOf(entity, event);
  return {
    event: eventType,
    entity,
    entityuuid: uuidOf(eventType, entity, event),
    account: owner,
    project: owner,
    user: firstName(event, userPaths),
    domain:
      firstName(event, entity === 'domain' ? ['resource_info'] : ['domain']) ??
      firstName(event, ['initiator.domain_id']),
    status: typeof outcome === 'string' ? (statuses.get(outcome) ?? outcome) : undefined,
    eventDateTime: event['eventTime'] ?? message['timestamp'],
    description: describe(event),
    source: serviceOf(eventType, textAt(message, 'publisher_id')),
    details: {
      role: event['role'],
      group: event['group'],
      // Who was given a role; who gave it is the envelope's user.
      user: event['user'],
      reason: textAt(event, 'reason.reasonType'),
      reasonCode: firstName(event, ['reason.reasonCode']),
      requestPath: event['requestPath'],
      request_id: textAt(context, 'request_id') ?? textAt(event, 'initiator.request_id'),
    },
    key: event['id'],
  };
}

/** Finds the id of the resource: of a login, the user; of a role's assignment, the role. */
function uuidOf(eventType: string, entity: string, event: JsonObject): unknown {
  if (eventType === 'identity.authenticate') return firstName(event, userPaths);
  const role = entity === 'role_assignment' ? ['role'] : [];
  return firstName(event, [...role, 'resource_info', 'target.id']);
}

/**
 * Finds the kind of resource: `project` for `identity.project.created`, a user for a login, the target's kind for an
 * audited request.
 */
function entityOf(eventType: string, event: JsonObject): string {
  if (eventType === 'identity.authenticate') return 'user';
  const { resource, action } = readEventType(eventType);
  if (resource === 'http') return textAt(event, 'target.name') ?? resource;
  return resource === 'identity' ? action : resource;
}

/**
 * Finds the owner. A project is its own owner. A role in a domain is in no project. Otherwise it is the project of
 * whoever did it: such an event is about somebody's acting.
 */
function ownerOf(entity: string, event: JsonObject): string | number | undefined {
  if (entity === 'project') return firstName(event, ['resource_info', 'target.id']);
  const project = firstName(event, ['project']);
  if (project !== undefined) return project;
  return firstName(event, ['domain']) === undefined
    ? firstName(event, ['initiator.project_id'])
    : undefined;
}

/** Describes an event: `authenticate, Unauthorized (401)`. */
function describe(event: JsonObject): string | undefined {
  const action = textAt(event, 'action');
  const reason = textAt(event, 'reason.reasonType');
  if (reason === undefined) return action;
  const code = firstName(event, ['reason.reasonCode']);
  const why = code === undefined ? reason : `${reason} (${code})`;
  return action === undefined ? why : `${action}, ${why}`;
}
