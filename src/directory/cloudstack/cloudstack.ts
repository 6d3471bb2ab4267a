/**
 * Reads CloudStack's tenants: domains form a tree under ROOT, accounts and projects lie in domains.
 *
 * A project is stored under its own id. CloudStack's events name the account behind it as `account`, but no command
 * returns that account's id: listAccounts leaves accounts of type project out, listProjects has its name only. Those
 * events carry the project's id too, so the pair is learned from the first of them (decision record 20).
 *
 * Source: apache/cloudstack, QueryManagerImpl.searchForDomainsInternal, searchForAccountIdsAndCount,
 * listProjectsInternal; ActionEventUtils.publishOnEventBus. `details=min` spares the server the resource counts.
 */
import type {
  CloudAccount,
  CloudDomain,
  DirectorySnapshot,
} from '../../store/directory/snapshot.ts';
import type { AccountKind } from '../../store/schema/directory.ts';
import { CloudError } from '../cloud-error.ts';
import type { CloudstackClient, Params } from './cloudstack-client.ts';
import { textAt, type Json } from '../json.ts';
import { layerDomains } from './domain-layers.ts';
import type { DirectoryProvider, FoundAccount, LookUpOptions, WantedAccount } from '../provider.ts';

const everything: Params = { listall: 'true', details: 'min' };
/** Maximum depth of the tree; a deeper one is taken for a circle of domains. */
const depthMax = 255;

export function createCloudstackProvider(client: CloudstackClient): DirectoryProvider {
  return {
    kind: 'cloudstack',
    readAll: signal => readAll(client, signal),
    lookUp: (wanted, options) => lookUp(client, wanted, options),
  };
}

async function readAll(client: CloudstackClient, signal: AbortSignal): Promise<DirectorySnapshot> {
  const list = (command: string, key: string) =>
    client.list({ command, key, params: everything }, signal);
  const domains = await list('listDomains', 'domain');
  const accounts = await list('listAccounts', 'account');
  const projects = await list('listProjects', 'project');
  const read = domains.rows.flatMap(row => toDomain(row) ?? []);
  const { layers, adrift } = layerDomains(withTop(read));
  const found = [
    ...accounts.rows.flatMap(row => toAccount(row, 'user') ?? []),
    ...projects.rows.flatMap(row => toAccount(row, 'project') ?? []),
  ];
  return {
    layers,
    root: 'own',
    accounts: found,
    isWhole:
      [domains, accounts, projects].every(({ isWhole }) => isWhole) &&
      adrift.length === 0 &&
      read.length === domains.rows.length &&
      found.length === accounts.rows.length + projects.rows.length,
  };
}

/**
 * Makes the top of a partial tree a root: with the key of a domain admin, its parent is named but not listed.
 *
 * @throws {CloudError} when there is not exactly one top.
 */
function withTop(domains: readonly CloudDomain[]): readonly CloudDomain[] {
  if (domains.some(({ parentId }) => parentId === null)) return domains;
  const ids = new Set(domains.map(({ id }) => id));
  const tops = domains.filter(({ parentId }) => parentId !== null && !ids.has(parentId));
  const [top] = tops;
  if (!top || tops.length > 1) {
    throw new CloudError(
      `CloudStack lists ${domains.length} domains with ${tops.length} tops, expected one: use the key of a root admin`,
    );
  }
  return domains.map(domain => (domain === top ? { ...domain, parentId: null } : domain));
}

async function lookUp(
  client: CloudstackClient,
  { accountId, projectId }: WantedAccount,
  options: LookUpOptions,
): Promise<FoundAccount | undefined> {
  const { signal } = options;
  const account =
    toAccount(
      await findOne(client, { command: 'listAccounts', key: 'account', id: accountId }, signal),
      'user',
    ) ??
    (projectId === undefined
      ? undefined
      : toAccount(
          await findOne(client, { command: 'listProjects', key: 'project', id: projectId }, signal),
          'project',
        ));
  if (!account) return undefined;
  const domains: CloudDomain[] = [];
  let next: string | null = account.domainId;
  while (next !== null && !(await options.isKnownDomain(next))) {
    const row = await findOne(client, { command: 'listDomains', key: 'domain', id: next }, signal);
    const domain = toDomain(row);
    // The domain was deleted in between, or the tree is a ring: the root cannot be reached.
    if (!domain || domains.length > depthMax) return undefined;
    domains.unshift(domain);
    next = domain.parentId;
  }
  return { account, domains };
}

/** CloudStack's error code for an invalid parameter, which an unknown id is. */
const invalidParameter = 431;

async function findOne(
  client: CloudstackClient,
  { command, key, id }: { command: string; key: string; id: string },
  signal: AbortSignal,
): Promise<Json | undefined> {
  try {
    const { rows } = await client.list({ command, key, params: { ...everything, id } }, signal);
    return rows.find(row => textAt(row, 'id') === id);
  } catch (error) {
    if (error instanceof CloudError && error.errorCode === invalidParameter) return undefined;
    throw error;
  }
}

function toDomain(row: Json | undefined): CloudDomain | undefined {
  if (!row) return undefined;
  const id = textAt(row, 'id');
  const name = textAt(row, 'name');
  if (id === undefined || name === undefined) return undefined;
  return { id, name, parentId: textAt(row, 'parentdomainid') ?? null };
}

function toAccount(row: Json | undefined, kind: AccountKind): CloudAccount | undefined {
  if (!row) return undefined;
  const id = textAt(row, 'id');
  const name = textAt(row, 'name');
  const domainId = textAt(row, 'domainid');
  if (id === undefined || name === undefined || domainId === undefined) return undefined;
  return { id, name, domainId, kind };
}
