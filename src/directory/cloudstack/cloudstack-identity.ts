/**
 * Finds the owner of a CloudStack key pair by one request that the pair signs.
 *
 * Source: apache/cloudstack, ListUsersCmd without `listall` (the users of the caller's own account), UserResponse,
 * Account.Type.
 */
import { CloudError } from '../cloud-error.ts';
import { createCloudstackClient, type CloudstackOptions } from './cloudstack-client.ts';
import type { KeyPair } from './cloudstack-sign.ts';
import { numberAt, textAt } from '../json.ts';

export interface CloudIdentity {
  readonly accountId: string;
  readonly accountName: string;
  readonly domainId: string;
  /** Role here; CloudStack's resource admins are users, because they own no domain. */
  readonly role: 'Admin' | 'DomainAdmin' | 'User';
  /** Absent when the account has several users and the server does not say whose key it is. */
  readonly user?: { readonly id: string; readonly username: string };
}

const roles = new Map<number | undefined, CloudIdentity['role']>([
  [1, 'Admin'],
  [2, 'DomainAdmin'],
]);

/**
 * Asks CloudStack whose pair it is.
 *
 * @param server how to reach CloudStack, without keys.
 * @returns undefined when CloudStack rejects the pair.
 * @throws {CloudError} when it cannot be asked.
 */
export async function identifyKeyPair(
  server: Omit<CloudstackOptions, keyof KeyPair>,
  pair: KeyPair,
  signal: AbortSignal,
): Promise<CloudIdentity | undefined> {
  const client = createCloudstackClient({ ...server, ...pair });
  try {
    const { rows } = await client.list({ command: 'listUsers', key: 'user' }, signal);
    const row = rows.find(one => textAt(one, 'apikey') === pair.apiKey) ?? rows[0];
    if (!row) return undefined;
    const isOwner = rows.length === 1 || textAt(row, 'apikey') === pair.apiKey;
    const [accountId, domainId] = [textAt(row, 'accountid'), textAt(row, 'domainid')];
    const [id, username] = [textAt(row, 'id'), textAt(row, 'username')];
    if (accountId === undefined || domainId === undefined) return undefined;
    return {
      accountId,
      accountName: textAt(row, 'account') ?? accountId,
      domainId,
      role: roles.get(numberAt(row, 'accounttype')) ?? 'User',
      user: isOwner && id !== undefined && username !== undefined ? { id, username } : undefined,
    };
  } catch (error) {
    if (error instanceof CloudError && error.status === 401) return undefined;
    throw error;
  }
}
