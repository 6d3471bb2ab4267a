/**
 * `hookline import cloudstack`: creates webhooks like those of the configured CloudStack.
 *
 * An owner has one webhook per payload URL in both places, so that owner and URL identify a webhook: importing again
 * creates nothing twice, and keeps what was changed here.
 */
import type { Config } from '../../config/config.ts';
import { ConfigError } from '../../event/errors.ts';
import type { WebhookFilter } from '../../webhook/webhook.ts';
import { createCloudstackClient } from './cloudstack-client.ts';
import { readCloudWebhooks } from './cloudstack-webhooks.ts';
import type { CloudWebhook, CloudWebhooks } from './cloudstack-webhooks.ts';

/** The comparable part of a webhook that exists here; secrets are not shown. */
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
  /** Present with scope Domain only. */
  readonly domainId?: string;
}

/** Creates webhooks, by the API or in the database. */
export interface ImportTarget {
  /** Finds the webhook of an account with this URL. */
  find(accountId: string, payloadUrl: string): Promise<ExistingWebhook | undefined>;
  /** @throws with a message for the operator when the webhook is refused. */
  create(webhook: NewWebhook): Promise<void>;
}

export interface ImportOptions {
  /** Compare only, and create nothing. */
  readonly dryRun: boolean;
  /** Create all webhooks disabled: while CloudStack delivers too, receivers would get everything twice. */
  readonly disabled: boolean;
}

/** `differs`: it exists and was not changed; `detail` names what differs. */
export type ImportResult = 'created' | 'to be created' | 'there already' | 'differs' | 'failed';

export interface ImportedWebhook {
  readonly name: string;
  readonly owner: string;
  readonly payloadUrl: string;
  readonly result: ImportResult;
  readonly detail: string;
}

/** The webhooks of a CloudStack, and the result for each. */
export interface CloudImport {
  readonly webhooks: readonly ImportedWebhook[];
  /** Sentences about what could not be read. */
  readonly notes: readonly string[];
}

/** Reads CloudStack's webhooks and imports them. @throws {ConfigError} when no CloudStack is configured. @throws {CloudError} when it does not answer. */
export async function importFromCloudstack(
  { directory }: Config,
  target: ImportTarget,
  options: ImportOptions,
): Promise<CloudImport> {
  if (directory?.kind !== 'cloudstack') {
    throw new ConfigError([
      `directory.kind: ${directory?.kind ?? 'not set'}: expected cloudstack, with directory.url, apiKey and secretKey: webhooks are read from there`,
    ]);
  }
  const client = createCloudstackClient({ ...directory, now: Date.now });
  const read = await readCloudWebhooks(client, new AbortController().signal);
  return { webhooks: await importWebhooks(read, target, options), notes: read.notes };
}

/** Imports webhooks in CloudStack's order. One that fails does not stop the others. */
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
      domainId: webhook.scope === 'Domain' ? domainId : undefined,
      state: disabled ? 'Disabled' : webhook.state,
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
