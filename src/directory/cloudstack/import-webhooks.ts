/**
 * Makes here what webhooks there are in CloudStack. An owner has one webhook for a payload URL there as here, so those
 * two say which is which: running it again makes nothing twice, and leaves what was changed here as it is.
 */
import type { WebhookFilter } from '../../webhook/webhook.ts';
import type { CloudWebhook, CloudWebhooks } from './cloudstack-webhooks.ts';

/** A webhook as it is here, as far as it can be compared; what is secret cannot. */
export interface ExistingWebhook {
  readonly name: string;
  readonly description?: string | null;
  readonly state: string;
  readonly scope: string;
  readonly domainId: string;
  readonly sslVerification: boolean;
  readonly filters: readonly WebhookFilter[];
}

export interface NewWebhook extends Omit<CloudWebhook, 'owner' | 'domainId'> {
  readonly accountId: string;
  /** With scope Domain. */
  readonly domainId?: string;
}

/** Where webhooks are made. */
export interface ImportTarget {
  find(accountId: string, payloadUrl: string): Promise<ExistingWebhook | undefined>;
  /** @throws with words for the operator when it is refused. */
  create(webhook: NewWebhook): Promise<void>;
}

export interface ImportOptions {
  /** Look, and make nothing. */
  readonly dryRun: boolean;
  /** Make all of them disabled: as long as CloudStack delivers too, receivers would get everything twice. */
  readonly disabled: boolean;
}

/** `differs`: it is there, and was left as it is; `detail` names what differs. */
export type ImportResult = 'created' | 'to be created' | 'there already' | 'differs' | 'failed';

export interface ImportedWebhook {
  readonly name: string;
  readonly owner: string;
  readonly payloadUrl: string;
  readonly result: ImportResult;
  readonly detail: string;
}

/** The webhooks of a CloudStack, and what became of each here. */
export interface CloudImport {
  readonly webhooks: readonly ImportedWebhook[];
  /** What could not be read, in sentences. */
  readonly notes: readonly string[];
}

/** What became of each, in CloudStack's order. One that fails keeps no other from being made. */
export async function importWebhooks(
  { webhooks }: CloudWebhooks,
  target: ImportTarget,
  options: ImportOptions,
): Promise<readonly ImportedWebhook[]> {
  const imported: ImportedWebhook[] = [];
  for (const webhook of webhooks) {
    const { name, payloadUrl, owner } = webhook;
    imported.push({
      name,
      owner: owner.name,
      payloadUrl,
      ...(await importOne(webhook, target, options)),
    });
  }
  return imported;
}

type Outcome = Pick<ImportedWebhook, 'result' | 'detail'>;

async function importOne(
  webhook: CloudWebhook,
  target: ImportTarget,
  { dryRun, disabled }: ImportOptions,
): Promise<Outcome> {
  const { owner, domainId, ...rest } = webhook;
  const { accountId, problem = '' } = owner;
  if (accountId === undefined) return { result: 'failed', detail: problem };
  try {
    const existing = await target.find(accountId, webhook.payloadUrl);
    if (existing) return compare(webhook, existing);
    if (dryRun) return { result: 'to be created', detail: '' };
    await target.create({
      ...rest,
      accountId,
      ...(webhook.scope === 'Domain' && { domainId }),
      ...(disabled && { state: 'Disabled' }),
    });
    return { result: 'created', detail: '' };
  } catch (error) {
    return { result: 'failed', detail: error instanceof Error ? error.message : String(error) };
  }
}

function compare(cloud: CloudWebhook, existing: ExistingWebhook): Outcome {
  const differing = [
    cloud.name === existing.name ? [] : 'name',
    (cloud.description ?? '') === (existing.description ?? '') ? [] : 'description',
    cloud.state === existing.state ? [] : 'state',
    cloud.scope === existing.scope ? [] : 'scope',
    cloud.domainId === existing.domainId ? [] : 'domainId',
    cloud.sslVerification === existing.sslVerification ? [] : 'sslVerification',
    written(cloud.filters) === written(existing.filters) ? [] : 'filters',
  ].flat();
  return differing.length === 0
    ? { result: 'there already', detail: '' }
    : { result: 'differs', detail: differing.join(', ') };
}

const written = (filters: readonly WebhookFilter[]): string =>
  filters
    .map(({ mode, matchType, value }) => JSON.stringify([mode, matchType, value]))
    .toSorted()
    .join();
