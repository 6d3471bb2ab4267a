/**
 * Whose event a notification is, by whose word.
 *
 * A record, which the service read from its database, names its owner. A request is what the asker wrote: Neutron tells
 * `.start` with the request's body as it came, before it checks who asks and what for. So whoever may not speak for
 * another project is the owner of their own request; whoever has no project owns none; and only an administrator or a
 * service means the project that the request names. A message that names no owner belongs to the asker's project, unless
 * the asker is one who acts on others' resources: rather no tenant sees an event than a wrong one.
 *
 * Roles, and Neutron's `can_set_project_id`, are Keystone's and the operator's word. The name of a project is its
 * owner's: somebody may call theirs `service`. So it can make an event nobody's, and gives no right.
 *
 * Source: neutron/pecan_wsgi/hooks/notifier.py (priority 135, before policy_enforcement.py with 140);
 * neutron_lib/context.py, neutron_lib/api/attributes.py; oslo.context.
 */
import { at, firstName, textAt } from '../../value/at.ts';
import type { JsonObject } from '../../value/json.ts';
import { ownerPaths } from './openstack-paths.ts';
import type { PayloadPaths } from './openstack-paths.ts';
import { serviceOf } from './openstack-type.ts';
import type { EventType } from './openstack-type.ts';
import type { Notification } from './oslo.ts';

type Project = string | number | undefined;

export interface OwnedPayload {
  readonly paths: PayloadPaths;
  readonly payload: JsonObject;
  readonly entity: string;
}

/** Services that tell `.start` with what is in their database, or only after they allowed the request. */
const recordKeepers: ReadonlySet<string | undefined> = new Set([
  'nova',
  'cinder',
  'glance',
  'heat',
  'designate',
  'ironic',
  'manila',
  'trove',
]);

/** Whether the payload is what the asker wrote. A service that is not known may do as Neutron does. */
export function isRequest({ eventType, message }: Notification, { phase }: EventType): boolean {
  if (phase !== 'start') return false;
  return !recordKeepers.has(serviceOf(eventType, textAt(message, 'publisher_id')));
}

/**
 * Finds the project that owns what the payload tells of. One that is named and empty counts: it means nobody, as for
 * the networks that Neutron makes for itself.
 */
export function ownerOf(
  notification: Notification,
  type: EventType,
  { paths: { owner = [], isOperators }, payload, entity }: OwnedPayload,
): Project {
  const paths = [...owner, ...ownerPaths(entity)];
  const named = firstName(payload, paths);
  if (isRequest(notification, type)) return requestOwnerOf(notification.context, named);
  if (isOperators || paths.some(path => at(payload, path) !== undefined)) return named;
  return askingProject(notification.context);
}

/** Finds the project that uses what another one owns: who rents a machine of Ironic's hears of it as its owner does. */
export function lesseeOf({ paths: { lessee }, payload }: OwnedPayload, owner: Project): Project {
  const tenant = lessee === undefined ? undefined : firstName(payload, [lessee]);
  return tenant === owner ? undefined : tenant;
}

function requestOwnerOf(context: JsonObject, named: Project): Project {
  if (firstName(context, projectKeys) === undefined) return undefined;
  return maySpeakForOthers(context) ? named : askingProject(context);
}

function maySpeakForOthers(context: JsonObject): boolean {
  const { can_set_project_id: canSetProject } = context;
  return typeof canSetProject === 'boolean' ? canSetProject : hasPower(context);
}

function hasPower({ is_admin: isAdmin, roles }: JsonObject): boolean {
  const names = Array.isArray(roles) ? roles.map(role => String(role).toLowerCase()) : [];
  return isAdmin === true || names.includes('service') || names.includes('admin');
}

/** Whether the asker acts on others' resources, as an administrator or a service does. */
export function actsOnOthers(context: JsonObject): boolean {
  const names = ['project_name', 'tenant_name'].map(key => textAt(context, key)?.toLowerCase());
  return hasPower(context) || names.includes('service') || names.includes('services');
}

const projectKeys = ['project_id', 'tenant_id', 'project', 'tenant'];

/** Finds the project of whoever asked, unless they act on others' resources. */
function askingProject(context: JsonObject): Project {
  return actsOnOthers(context) ? undefined : firstName(context, projectKeys);
}

/** Finds the domain of a project; the context knows that of its own project only. */
export function domainOf(context: JsonObject, owner: Project): unknown {
  return owner !== undefined && firstName(context, projectKeys) === owner
    ? firstName(context, ['project_domain', 'project_domain_id'])
    : undefined;
}
