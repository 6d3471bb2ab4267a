/**
 * OpenStack's events in CADF, the audit format of DMTF, which Keystone writes by default, and Magnum and the API's audit
 * middleware, too.
 *
 *     {"typeURI":"http://schemas.dmtf.org/cloud/audit/1.0/event","eventType":"activity","id":"5c6f…","action":"created.project",
 *      "eventTime":"2026-11-21T21:49:17.946092+0000","outcome":"success","initiator":{"id":"…","user_id":"7f4e…",
 *      "project_id":"6f70…"},"target":{"id":"8a1c…","typeURI":"data/security/project"},"resource_info":"8a1c…"}
 *
 * Keystone leaves `initiator` out where no request is at hand: for inherited roles, for what goes with a deleted domain,
 * for EC2 credentials, and in its bootstrap.
 *
 * Source: pycadf event.py; openstack/keystone notifications.py (`_send_audit_notification`, role assignments).
 */
import { firstName, textAt } from '../../value/at.ts';
import type { Facts } from '../../facts.ts';
import { isObject } from '../../value/json.ts';
import type { JsonObject } from '../../value/json.ts';
import { concernedBy, isIdentity } from './openstack-identity.ts';
import type { Whom } from './openstack-identity.ts';
import { describeLogin, knownUserOf, loginNameOf } from './openstack-login.ts';
import { actsOnOthers } from './openstack-owner.ts';
import { readEventType, serviceOf } from './openstack-type.ts';
import type { Notification } from './oslo.ts';

export function isCadf(payload: JsonObject): boolean {
  const { initiator, outcome, typeURI: uri } = payload;
  const isWithout = initiator === undefined || initiator === null;
  if (!(isWithout || isObject(initiator)) || typeof outcome !== 'string') return false;
  return typeof uri === 'string' && uri.includes('/cloud/audit/');
}

/** Paths of the user; `initiator.id` may be only a hash of its id. */
const userPaths = ['initiator.user_id', 'initiator.id'];
const statuses: ReadonlyMap<string, string> = new Map([
  ['success', 'Completed'],
  ['failure', 'Failed'],
  ['pending', 'Started'],
]);

const isLogin = (eventType: string): boolean => eventType === 'identity.authenticate';

export function cadfFacts(notification: Notification, event: JsonObject): Facts {
  const { message, eventType } = notification;
  const { outcome } = event;
  const entity = entityOf(eventType, event);
  const whom = whomOf(notification, entity, event);
  return {
    ...whom,
    event: eventType,
    entity,
    entityuuid: uuidOf(eventType, entity, event),
    project: whom.account,
    user: isLogin(eventType) ? knownUserOf(event) : firstName(event, userPaths),
    domain: isLogin(eventType) ? whom.provenDomain : domainOf(entity, event),
    status: typeof outcome === 'string' ? (statuses.get(outcome) ?? outcome) : undefined,
    eventDateTime: event['eventTime'] ?? message['timestamp'],
    description: describe(eventType, event),
    source: serviceOf(eventType, textAt(message, 'publisher_id')),
    details: detailsOf(notification, event),
    key: event['id'],
  };
}

/**
 * Finds whom it concerns. An audited request to another service than Keystone belongs to the project of the token,
 * unless it is of somebody who acts on others' resources.
 */
function whomOf({ eventType, context }: Notification, entity: string, event: JsonObject): Whom {
  if (isIdentity(eventType)) return concernedBy(eventType, entity, event);
  return actsOnOthers(context) ? {} : { account: firstName(event, ['initiator.project_id']) };
}

/** Finds the domain; mostly it is that of the token with which it was done. */
function domainOf(entity: string, event: JsonObject): unknown {
  const named = firstName(event, entity === 'domain' ? ['resource_info'] : ['domain']);
  return named ?? firstName(event, ['initiator.domain_id']);
}

/** Finds the id of the resource: of a login, the user; of a role's assignment, the role. */
function uuidOf(eventType: string, entity: string, event: JsonObject): unknown {
  if (isLogin(eventType)) return knownUserOf(event);
  const role = entity === 'role_assignment' ? ['role'] : [];
  return firstName(event, [...role, 'resource_info', 'target.id']);
}

/**
 * Finds the kind of resource: `project` for `identity.project.created`, a user for a login, the target's kind for an
 * audited request.
 */
function entityOf(eventType: string, event: JsonObject): string {
  if (isLogin(eventType)) return 'user';
  const { resource, action } = readEventType(eventType);
  if (resource === 'http') return textAt(event, 'target.name') ?? resource;
  return resource === 'identity' ? action : resource;
}

function detailsOf({ eventType, context }: Notification, event: JsonObject): JsonObject {
  const login = isLogin(eventType) && {
    name: loginNameOf(event),
    address: textAt(event, 'initiator.host.address'),
  };
  return {
    role: event['role'],
    group: event['group'],
    // Who was given a role; who gave it is the envelope's user.
    user: event['user'],
    inherited: event['inherited_to_projects'] === true ? true : undefined,
    ...login,
    reason: textAt(event, 'reason.reasonType'),
    reasonCode: firstName(event, ['reason.reasonCode']),
    requestPath: event['requestPath'],
    request_id: textAt(context, 'request_id') ?? textAt(event, 'initiator.request_id'),
  };
}

/** Describes an event: `created.project`, `read, Forbidden (403)`. */
function describe(eventType: string, event: JsonObject): string | undefined {
  const reason = reasonOf(event);
  if (isLogin(eventType)) return describeLogin(event, reason);
  const action = textAt(event, 'action');
  return action === undefined || reason === undefined ? (action ?? reason) : `${action}, ${reason}`;
}

/** The reason with its code: `Unauthorized (401)`. */
function reasonOf(event: JsonObject): string | undefined {
  const reason = textAt(event, 'reason.reasonType');
  const code = firstName(event, ['reason.reasonCode']);
  return reason === undefined || code === undefined ? reason : `${reason} (${code})`;
}
