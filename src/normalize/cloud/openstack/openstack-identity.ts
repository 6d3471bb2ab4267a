/**
 * Whom Keystone's notifications concern. Keystone writes them itself, of what it has done, and nobody else can; but
 * `initiator` is who asked, and what an administrator does concerns others.
 *
 *     identity.project.*                        the project; the domain, where Keystone tells of one as a project, too
 *     identity.role_assignment.*                the project or the domain in which the role is
 *     identity.user.*, identity.authenticate    the user
 *     identity.domain.*                         the domain
 *     what users do to their own                the project with whose token they did it
 *     groups, roles, endpoints, …               the domain with whose token it was done, else nobody but the operator
 *
 * Source: openstack/keystone, notifications.py (`Audit`, `CadfRoleAssignmentNotificationWrapper`), resource/core.py
 * (`update_domain` and `delete_domain` also tell `identity.project.…` with the domain's id).
 */
import { firstName } from '../../value/at.ts';
import type { Facts } from '../../facts.ts';
import type { JsonObject } from '../../value/json.ts';
import { knownUserOf, soughtDomainOf } from './openstack-login.ts';

export type Whom = Pick<Facts, 'account' | 'provenUser' | 'provenDomain'>;

export function isIdentity(eventType: string): boolean {
  return eventType.startsWith('identity.');
}

/** Kinds of things that belong to a user and that nobody but an administrator changes for them. */
const ownKinds: ReadonlySet<string> = new Set([
  'application_credential',
  'access_rule',
  'credential',
  'OS-TRUST:trust',
]);

/** @param record the payload, in CADF or in Keystone's short format, `{"resource_info":"8a1c…"}`. */
export function concernedBy(eventType: string, entity: string, record: JsonObject): Whom {
  const tokenDomain = firstName(record, ['initiator.domain_id']);
  if (eventType === 'identity.authenticate') {
    const user = knownUserOf(record);
    return user === undefined ? { provenDomain: soughtDomainOf(record) } : { provenUser: user };
  }
  const id = firstName(record, ['resource_info', 'target.id']);
  if (entity === 'project') return { account: id, provenDomain: id };
  if (entity === 'domain') return { provenDomain: id };
  if (entity === 'user') return { provenUser: id, provenDomain: tokenDomain };
  if (ownKinds.has(entity)) {
    return { account: firstName(record, ['initiator.project_id']), provenDomain: tokenDomain };
  }
  if (entity !== 'role_assignment') return { provenDomain: tokenDomain };
  const project = firstName(record, ['project']);
  if (project !== undefined) return { account: project };
  return { provenDomain: firstName(record, ['domain']) ?? tokenDomain };
}
