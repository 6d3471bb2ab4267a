/** What becomes of deliveries that are not accepted, in words. */
import { describeRetry, retryFacts } from '../../setting/describe-retry.ts';
import type { SettingDefaults } from '../../setting/definition.ts';
import { chainOf, createSettingIndex } from '../../setting/resolve.ts';
import type { Database } from '../../store/database.ts';
import { findDomainPaths } from '../../store/directory/domain.ts';
import { findSettings } from '../../store/setting.ts';
import type { WebhookRow } from '../../store/webhook/webhook.ts';

/** Reads it for webhooks. @returns texts by the webhooks' ids. */
export async function readRetries(
  database: Database,
  defaults: SettingDefaults,
  webhooks: readonly WebhookRow[],
): Promise<ReadonlyMap<string, string>> {
  const paths = await findDomainPaths(
    database,
    webhooks.map(({ domainId }) => domainId),
  );
  const chains = new Map(
    webhooks.map(({ id, domainId }) => [id, chainOf(paths.get(domainId) ?? [], id)]),
  );
  const places = new Map(
    [...chains.values()].flat().map(place => [`${place.scope}:${place.scopeId}`, place]),
  );
  const index = createSettingIndex(await findSettings(database, [...places.values()]), defaults);
  return new Map(
    webhooks.map(({ id, tries }) => [
      id,
      describeRetry(retryFacts(index, chains.get(id) ?? [], tries)),
    ]),
  );
}
