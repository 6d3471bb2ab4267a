/** Whether the cloud's API answers with the configured key, and what it lets be seen, for `hookline doctor`. */
import { textAt } from './json.ts';
import type { CloudstackClient } from './cloudstack/cloudstack-client.ts';
import type { KeystoneClient } from './keystone/keystone-client.ts';

export interface CloudView {
  /** What was seen, in words. */
  readonly seen: string;
  /** What the key should see and does not. */
  readonly lacking?: string;
}

/**
 * Only the domain at the top is asked for, which root admins alone are shown, and one account.
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
  const seen = `${count} accounts${root ? `, below ${textAt(root, 'name') ?? 'the root'}` : ''}`;
  if (root) return { seen };
  return { seen, lacking: "the root domain: the key is not a root admin's" };
}

/** @throws {CloudError} */
export async function inspectKeystone(
  client: KeystoneClient,
  signal: AbortSignal,
): Promise<CloudView> {
  const { rows } = await client.list('domains', {}, signal);
  // Of a project that is not there, who may see projects is told that it is not, and nobody else.
  await client.find(`projects/${'0'.repeat(32)}`, 'project', signal);
  return { seen: `${rows.length} domains` };
}
