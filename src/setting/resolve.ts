/** Finds the effective value of a setting: the nearest one, from the webhook up the domain tree to the configuration; pure. */
import type { SettingPlace, SettingRow } from '../store/setting.ts';
import { canonicalName, definitionOf, parseSetting, settingNames } from './definition.ts';
import type { SettingDefaults, SettingName, SettingValue } from './definition.ts';

export interface EffectiveSetting {
  readonly name: SettingName;
  readonly text: string;
  readonly value: SettingValue;
  /** Where the value is set; `configuration` when it is the default. */
  readonly origin: SettingPlace | 'configuration';
}

export interface SettingIndex {
  /** Finds the effective value. @param chain places to look in, nearest first; after them comes the default. */
  effective(name: SettingName, chain: readonly SettingPlace[]): EffectiveSetting;
  /** Rows with unknown names or invalid values, which plain SQL can write. */
  readonly unusable: readonly { readonly row: SettingRow; readonly expected: string }[];
}

const keyOf = ({ scope, scopeId }: SettingPlace): string => `${scope}:${scopeId}`;

/** @throws {RangeError} when a default is not a valid value. */
export function createSettingIndex(
  rows: readonly SettingRow[],
  defaults: SettingDefaults,
): SettingIndex {
  const byPlace = new Map<string, Map<SettingName, EffectiveSetting>>();
  const unusable: { row: SettingRow; expected: string }[] = [];
  for (const row of rows) {
    const read = readRow(row);
    if ('expected' in read) {
      unusable.push({ row, expected: read.expected });
      continue;
    }
    const values = byPlace.get(keyOf(row)) ?? new Map<SettingName, EffectiveSetting>();
    values.set(read.name, read);
    byPlace.set(keyOf(row), values);
  }
  const fallback = new Map(settingNames.map(name => [name, readDefault(name, defaults[name])]));
  return {
    unusable,
    effective(name, chain) {
      for (const place of chain) {
        const found = byPlace.get(keyOf(place))?.get(name);
        if (found) return found;
      }
      const last = fallback.get(name);
      if (!last) throw new RangeError(`${name} is no setting`);
      return last;
    },
  };
}

function readRow(row: SettingRow): EffectiveSetting | { readonly expected: string } {
  const name = canonicalName(row.name);
  if (name === undefined) return { expected: `one of ${settingNames.join(', ')}` };
  const { scopes } = definitionOf(name);
  if (!scopes.includes(row.scope)) return { expected: `it with scope ${scopes.join(' or ')}` };
  const parsed = parseSetting(name, row.value);
  if (!parsed.ok) return { expected: parsed.expected };
  const origin = { scope: row.scope, scopeId: row.scopeId };
  return { name, text: row.value, value: parsed.value, origin };
}

function readDefault(name: SettingName, text: string): EffectiveSetting {
  const parsed = parseSetting(name, text);
  if (!parsed.ok) throw new RangeError(`default of ${name}: ${text}; expected ${parsed.expected}`);
  return { name, text, value: parsed.value, origin: 'configuration' };
}

/** Lists the places that apply to a webhook or a domain, nearest first. @param path domains, nearest first. */
export function chainOf(path: readonly string[], webhookId?: string): readonly SettingPlace[] {
  return [
    ...(webhookId === undefined ? [] : [{ scope: 'webhook' as const, scopeId: webhookId }]),
    ...path.map(scopeId => ({ scope: 'domain' as const, scopeId })),
    { scope: 'global' as const, scopeId: '' },
  ];
}
