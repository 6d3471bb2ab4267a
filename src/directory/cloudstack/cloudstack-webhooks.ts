/**
 * Reads the webhooks of a CloudStack management server and translates them.
 *
 * Source: apache/cloudstack, WebhookApiServiceImpl.listWebhooks. Webhooks of projects are listed only with `projectid=-1`;
 * the answer has the owner's name but not its id.
 */
import type { WebhookFilter } from '../../webhook/webhook.ts';
import type { Scope, WebhookState } from '../../webhook/words.ts';
import { filterMatchTypes, filterModes, scopes, webhookStates } from '../../webhook/words.ts';
import { CloudError } from '../cloud-error.ts';
import type { CloudstackClient } from './cloudstack-client.ts';
import { textAt, type Json } from '../json.ts';

export interface CloudWebhook {
  readonly name: string;
  readonly description?: string;
  readonly state: WebhookState;
  readonly scope: Scope;
  readonly domainId: string;
  readonly payloadUrl: string;
  readonly sslVerification: boolean;
  /** Plain text, as CloudStack returns it. */
  readonly secretKey?: string;
  readonly filters: readonly WebhookFilter[];
  readonly owner: CloudOwner;
}

export interface CloudOwner {
  readonly name: string;
  /** Absent when it cannot be determined; then `problem` says why. */
  readonly accountId?: string;
  readonly problem?: string;
}

export interface CloudWebhooks {
  readonly webhooks: readonly CloudWebhook[];
  /** Sentences about what could not be read. */
  readonly notes: readonly string[];
}

/** @throws {CloudError} */
export async function readCloudWebhooks(
  client: CloudstackClient,
  signal: AbortSignal,
): Promise<CloudWebhooks> {
  const list = async (command: string, key: string, params = {}): Promise<readonly Json[]> => {
    const all = { listall: 'true', ...params };
    const { rows, isWhole } = await client.list({ command, key, params: all }, signal);
    if (isWhole) return rows;
    throw new CloudError(`${command} returned ${rows.length} rows, but counts others; try again`);
  };
  const own = await list('listWebhooks', 'webhook');
  const projects = await list('listWebhooks', 'webhook', { projectid: '-1' });
  const people: People = {
    accounts: await list('listAccounts', 'account', { details: 'min' }),
    domains: await list('listDomains', 'domain', { details: 'min' }),
  };
  const rows = new Map([...own, ...projects].map(row => [textAt(row, 'id') ?? '', row]));
  const notes: string[] = [];
  const webhooks: CloudWebhook[] = [];
  for (const [id, row] of rows) {
    const filters = await readFilters(client, id, signal);
    if (filters === undefined && notes.length === 0) {
      notes.push(
        'This CloudStack has no webhook filters (they came with 4.23), so none were read.',
      );
    }
    webhooks.push(toWebhook(row, filters ?? [], ownerOf(row, people)));
  }
  return { webhooks, notes };
}

/** Error codes that mean, for a key that may list webhooks, that the command does not exist. */
const noSuchCommand = [401, 432];

/** Reads a webhook's filters, oldest first; undefined when this CloudStack has no filters. */
async function readFilters(
  client: CloudstackClient,
  webhookid: string,
  signal: AbortSignal,
): Promise<readonly WebhookFilter[] | undefined> {
  const command = { command: 'listWebhookFilters', key: 'webhookfilter', countIs: 'page' } as const;
  try {
    const { rows } = await client.list({ ...command, params: { webhookid } }, signal);
    // CloudStack lists the newest first, but conflicts are checked in the order in which filters were added.
    return rows.map(toFilter).toReversed();
  } catch (error) {
    const code = error instanceof CloudError ? error.errorCode : undefined;
    if (code !== undefined && noSuchCommand.includes(code)) return undefined;
    throw error;
  }
}

function toFilter(row: Json): WebhookFilter {
  return {
    mode: oneOf(filterModes, textAt(row, 'mode'), 'Include'),
    matchType: oneOf(filterMatchTypes, textAt(row, 'matchtype'), 'Exact'),
    value: textAt(row, 'value') ?? '',
  };
}

function toWebhook(row: Json, filters: readonly WebhookFilter[], owner: CloudOwner): CloudWebhook {
  const payloadUrl = textAt(row, 'payloadurl') ?? '';
  return {
    name: textAt(row, 'name') ?? payloadUrl,
    state: oneOf(webhookStates, textAt(row, 'state'), 'Enabled'),
    scope: oneOf(scopes, textAt(row, 'scope'), 'Local'),
    domainId: textAt(row, 'domainid') ?? '',
    payloadUrl,
    // An update in CloudStack may leave it on with an http URL, where it has no effect.
    sslVerification: row['sslverification'] === true && /^https:/i.test(payloadUrl),
    filters,
    owner,
    description: textAt(row, 'description'),
    secretKey: textAt(row, 'secretkey'),
  };
}

interface People {
  readonly accounts: readonly Json[];
  readonly domains: readonly Json[];
}

/**
 * Finds the owner of a webhook. Its domain is the owner's, except that with scope Domain it may be one below: then the
 * owner is the account of that name in the domain or above it, if there is only one.
 */
function ownerOf(row: Json, { accounts, domains }: People): CloudOwner {
  const projectId = textAt(row, 'projectid');
  if (projectId !== undefined) {
    return { name: textAt(row, 'project') ?? projectId, accountId: projectId };
  }
  const name = textAt(row, 'account') ?? '';
  const path = [textAt(row, 'domainid') ?? ''];
  if (row['scope'] === 'Domain') path.push(...above(path[0] ?? '', domains));
  const candidates = accounts.filter(
    account => textAt(account, 'name') === name && path.includes(textAt(account, 'domainid') ?? ''),
  );
  const [owner] = candidates.map(account => textAt(account, 'id'));
  if (owner !== undefined && candidates.length === 1) return { name, accountId: owner };
  const problem =
    candidates.length === 0
      ? `there is no account ${name} in its domain`
      : `there are ${candidates.length} accounts ${name} in its domain and above, and CloudStack does not say which owns it`;
  return { name, problem };
}

/** Lists the ids of the domains above a domain, nearest first. */
function above(domainId: string, domains: readonly Json[]): readonly string[] {
  const parents = new Map(domains.map(row => [textAt(row, 'id'), textAt(row, 'parentdomainid')]));
  const path = new Set<string>();
  let next = parents.get(domainId);
  while (next !== undefined && !path.has(next)) {
    path.add(next);
    next = parents.get(next);
  }
  return [...path];
}

function oneOf<T extends string>(known: readonly T[], text: string | undefined, otherwise: T): T {
  return known.find(word => word.toLowerCase() === text?.toLowerCase()) ?? otherwise;
}
