/** `hookline import cloudstack`: reads from the cloud the directory is configured with, writes where it is told to. */
import type { Config } from '../../config/config.ts';
import { createCloudstackClient } from './cloudstack-client.ts';
import { readCloudWebhooks } from './cloudstack-webhooks.ts';
import { importWebhooks } from './import-webhooks.ts';
import type { CloudImport, ImportOptions, ImportTarget } from './import-webhooks.ts';
import { ConfigError } from '../../event/errors.ts';

/** @throws {ConfigError} when no CloudStack is configured. @throws {CloudError} when it does not answer. */
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
