/**
 * Reads OpenStack's tenants. Events belong to projects, which lie in domains; domains are not nested. Users can own webhooks
 * too, as accounts of kind `user`; with a large LDAP behind Keystone they can be left out.
 *
 * A project inside another one lies in the same domain: scope Domain covers both.
 *
 * Source: openstack/keystone, api-ref/source/v3 (domains.inc, projects.inc, users.inc). Users are listed domain by domain,
 * because with domain-specific drivers a list without `domain_id` contains one domain only.
 */
import type {
  CloudAccount,
  CloudDomain,
  DirectorySnapshot,
} from '../../store/directory/snapshot.ts';
import type { AccountKind } from '../../store/schema/directory.ts';
import { textAt, type Json } from '../json.ts';
import type { KeystoneClient, KeystoneListed } from './keystone-client.ts';
import type { DirectoryProvider, FoundAccount, LookUpOptions, WantedAccount } from '../provider.ts';

export interface KeystoneProviderOptions {
  readonly client: KeystoneClient;
  /** Whether to read users in addition to projects. */
  readonly users: boolean;
}

export function createKeystoneProvider(options: KeystoneProviderOptions): DirectoryProvider {
  return {
    kind: 'keystone',
    readAll: signal => readAll(options, signal),
    lookUp: (wanted, lookUpOptions) => lookUp(options, wanted, lookUpOptions),
  };
}

async function readAll(
  { client, users }: KeystoneProviderOptions,
  signal: AbortSignal,
): Promise<DirectorySnapshot> {
  const domains = await client.list('domains', {}, signal);
  const projects = await client.list('projects', {}, signal);
  const read: readonly CloudDomain[] = domains.rows.flatMap(row => toDomain(row) ?? []);
  const lists: KeystoneListed[] = [domains, projects];
  const accounts = projects.rows.flatMap(row => toAccount(row, 'project') ?? []);
  for (const { id } of users ? read : []) {
    const list = await client.list('users', { domain_id: id }, signal);
    lists.push(list);
    accounts.push(...list.rows.flatMap(row => toAccount(row, 'user') ?? []));
  }
  return {
    layers: [read],
    root: 'none',
    accounts,
    isWhole: lists.every(({ isWhole }) => isWhole),
  };
}

async function lookUp(
  { client, users }: KeystoneProviderOptions,
  { accountId }: WantedAccount,
  { isKnownDomain, signal }: LookUpOptions,
): Promise<FoundAccount | undefined> {
  const id = encodeURIComponent(accountId);
  const account =
    toAccount(await client.find(`projects/${id}`, 'project', signal), 'project') ??
    (users ? toAccount(await client.find(`users/${id}`, 'user', signal), 'user') : undefined);
  if (!account) return undefined;
  if (await isKnownDomain(account.domainId)) return { account, domains: [] };
  const path = `domains/${encodeURIComponent(account.domainId)}`;
  const domain = toDomain(await client.find(path, 'domain', signal));
  return domain && { account, domains: [domain] };
}

function toDomain(row: Json | undefined): CloudDomain | undefined {
  if (!row) return undefined;
  const id = textAt(row, 'id');
  const name = textAt(row, 'name');
  return id === undefined || name === undefined ? undefined : { id, name, parentId: null };
}

function toAccount(row: Json | undefined, kind: AccountKind): CloudAccount | undefined {
  if (!row) return undefined;
  const id = textAt(row, 'id');
  const name = textAt(row, 'name');
  const domainId = textAt(row, 'domain_id');
  if (id === undefined || name === undefined || domainId === undefined) return undefined;
  return { id, name, domainId, kind };
}
