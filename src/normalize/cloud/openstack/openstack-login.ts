/**
 * Keystone's logins, `identity.authenticate`: that a user's password or other credentials were accepted or refused. An
 * accepted password is told as a success even if the request is then refused for want of a role in the project.
 *
 * A user whom Keystone does not know is told with status 404; then `initiator.id` is made up, another each time, and
 * the name or id is what somebody typed, who may have typed the id of a project.
 *
 * Source: openstack/keystone, notifications.py (`CadfNotificationWrapper`, `_add_username_to_initiator`),
 * auth/plugins/core.py (`_validate_and_normalize_auth_data`).
 */
import { firstName, textAt } from '../../value/at.ts';
import type { JsonObject } from '../../value/json.ts';

const notFound = '404';

/** Finds the id of the user, if Keystone knows them: then it wrote their name beside it, or accepted them. */
export function knownUserOf(record: JsonObject): string | number | undefined {
  const isNamed = firstName(record, ['initiator.name', 'initiator.username']) !== undefined;
  if (String(firstName(record, ['reason.reasonCode'])) === notFound) return undefined;
  if (!isNamed && record['outcome'] !== 'success') return undefined;
  return firstName(record, ['initiator.user_id', 'initiator.id']);
}

/**
 * Finds the domain in which a name was sought that is not known. With any other login, the domain is that of a token that
 * was sent along, which may be anybody's.
 */
export function soughtDomainOf(record: JsonObject): string | number | undefined {
  const isSought = firstName(record, ['initiator.user_name']) !== undefined;
  return isSought ? firstName(record, ['initiator.domain_id']) : undefined;
}

/** Finds the name of the user, for one who is not known what was typed. */
export function loginNameOf(record: JsonObject): string | number | undefined {
  const known = ['initiator.name', 'initiator.username'];
  return knownUserOf(record) === undefined
    ? firstName(record, ['initiator.user_name', 'initiator.user_id'])
    : firstName(record, [...known, 'initiator.user_id']);
}

/** Describes a login: `login of alice from 192.0.2.7 failed: Unauthorized (401)`. */
export function describeLogin(record: JsonObject, reason: string | undefined): string {
  const name = loginNameOf(record);
  const address = textAt(record, 'initiator.host.address');
  const who = name === undefined ? 'login' : `login of ${name}`;
  const login = address === undefined ? who : `${who} from ${address}`;
  if (record['outcome'] === 'success') return `${login}: credentials accepted`;
  const failed = record['outcome'] === 'failure' ? `${login} failed` : login;
  return reason === undefined ? failed : `${failed}: ${reason}`;
}
