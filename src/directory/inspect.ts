/** Checks for `hookline doctor` whether the cloud's API answers with the configured key, and what is visible to it. */
import { counted } from '../event/finding.ts';
import { textAt } from './json.ts';
import type { CloudstackClient } from './cloudstack/cloudstack-client.ts';
import type { KeystoneClient } from './keystone/keystone-client.ts';

export interface CloudView {
  /** What is visible, in words: `12 accounts, below ROOT`. */
  readonly seen: string;
  /** What should be visible and is not, in words; absent when nothing is missing. */
  readonly lacking?: string;
}

/**
 * Asks for the root domain, which is visible to root admins only, and for one account.
 *
 * @throws {CloudError}
 */
export async function inspectCloudstack(
  client: CloudstackClient,
  signal: AbortSignal,
): Promise<CloudView> {
  const params = { listall: 'true', details: 'min' };
  const command = { command: 'listDomains', key: 'domain', params: { ...params, level: '0' } };
  const { rows } = await client.list(command, signal);
  const accounts = await client.call(
    'listAccounts',
    { ...params, page: '1', pagesize: '1' },
    signal,
  );
  const root = rows.find(row => textAt(row, 'parentdomainid') === undefined);
  const count = Number(accounts['count'] ?? 0);
  const seen = `${counted(count, 'account')}${root ? `, below ${textAt(root, 'name') ?? 'the root'}` : ''}`;
  if (root) return { seen };
  return { seen, lacking: "the root domain: the key is not a root admin's" };
}

/** @throws {CloudError} */
export async function inspectKeystone(
  client: KeystoneClient,
  signal: AbortSignal,
): Promise<CloudView> {
  const { rows } = await client.list('domains', {}, signal);
  // Keystone answers 404 for a missing project only to those who may read projects; others get 403.
  await client.find(`projects/${'0'.repeat(32)}`, 'project', signal);
  return { seen: counted(rows.length, 'domain') };
}
