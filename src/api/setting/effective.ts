/** The effective value of a setting, read from the database: processes of the API alone keep none in memory. */
import type { SettingDefaults, SettingName } from '../../setting/definition.ts';
import { chainOf, createSettingIndex } from '../../setting/resolve.ts';
import type { Database } from '../../store/database.ts';
import { findDomain } from '../../store/directory/domain.ts';
import { findSettings } from '../../store/setting.ts';
import { everything } from '../../store/sql/visibility.ts';

/** The effective number for the accounts of a domain. */
export async function numberOfDomain(
  database: Database,
  defaults: SettingDefaults,
  name: SettingName,
  domainId: string,
): Promise<number> {
  const chain = chainOf(await pathOf(database, domainId));
  const { value } = createSettingIndex(await findSettings(database, chain), defaults).effective(
    name,
    chain,
  );
  if (typeof value !== 'number') throw new RangeError(`${name} is not a number`);
  return value;
}

/** The ids of the domain and its ancestors, nearest first. */
export async function pathOf(database: Database, domainId: string): Promise<readonly string[]> {
  const domain = await findDomain(database, domainId, everything);
  return domain?.path.split('/').filter(Boolean).toReversed() ?? [];
}
