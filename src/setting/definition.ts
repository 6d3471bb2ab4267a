/**
 * The settings that live in the database: names, types and ranges; pure. Names and meaning are CloudStack's where it has
 * them. Source: reference "CloudStack" section 1, WebhookService's config keys.
 */
import { isPrivateRange, privateRanges, readRange } from '../event/address.ts';
import { dispatchKeys } from '../config/dispatch/dispatch-keys.ts';
import type { BackoffSchedule } from './schedule.ts';
import { parseSchedule } from './schedule.ts';

export const settingScopes = ['webhook', 'domain', 'global'] as const;
export type SettingScope = (typeof settingScopes)[number];

export type SettingType = 'integer' | 'seconds' | 'schedule' | 'ranges';

export interface SettingDefinition {
  readonly description: string;
  readonly type: SettingType;
  /** Of a number, in the unit it is written in; of ranges, how many. */
  readonly minimum: number;
  readonly maximum: number;
  /** Where it may be set. */
  readonly scopes: readonly SettingScope[];
  /** Whether tenants may set it for what is theirs; else only an Admin may. */
  readonly byTenants: boolean;
}

/** Where the configuration has the default of a setting, its range is that of the key. */
const { tries, timeoutMs, backoff, concurrency } = dispatchKeys;

export const settings = {
  'webhook.delivery.tries': {
    description:
      "Attempts in all for one delivery, the first one included. A webhook's own `tries` comes first.",
    type: 'integer',
    minimum: tries.min,
    maximum: tries.max,
    scopes: ['domain', 'global'],
    byTenants: true,
  },
  'webhook.delivery.timeout': {
    description:
      "Total deadline of one attempt, in seconds. A webhook's own `timeoutMs` comes first.",
    type: 'seconds',
    minimum: timeoutMs.min / 1_000,
    maximum: timeoutMs.max / 1_000,
    scopes: ['domain', 'global'],
    byTenants: true,
  },
  'webhook.delivery.backoff': {
    description:
      'Waits between attempts, in seconds: `5-600` doubles a random wait below 5 up to below 600; `1,10,60` waits about so long after the first, second, and every later attempt.',
    type: 'schedule',
    minimum: backoff.baseMs.min / 1_000,
    maximum: backoff.capMs.max / 1_000,
    scopes: ['webhook', 'domain', 'global'],
    byTenants: true,
  },
  'webhook.deliveries.limit': {
    description: 'Ended deliveries that are kept of each webhook, besides the retention by days.',
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000_000,
    scopes: ['webhook', 'domain', 'global'],
    byTenants: false,
  },
  'webhook.deliveries.cleanup.interval': {
    description:
      'Time between two times that deliveries beyond their limit are deleted, in seconds.',
    type: 'seconds',
    minimum: 1,
    maximum: 604_800,
    scopes: ['global'],
    byTenants: false,
  },
  'webhook.deliveries.cleanup.initial.delay': {
    description: 'Time from the start of a process to the first such time, in seconds.',
    type: 'seconds',
    minimum: 0,
    maximum: 604_800,
    scopes: ['global'],
    byTenants: false,
  },
  'webhook.delivery.thread.pool.size': {
    description: 'Requests that one process has in flight at once, over all webhooks.',
    type: 'integer',
    minimum: concurrency.min,
    maximum: concurrency.max,
    scopes: ['global'],
    byTenants: false,
  },
  'webhook.egress.private.ranges': {
    description:
      "Private ranges of addresses that the webhooks of a domain's accounts may deliver to, separated by commas, or `none`. Webhooks of the root domain's accounts, but for those whose users are no Admins, may deliver to all of them anyway; other addresses are opened by the configuration alone.",
    type: 'ranges',
    minimum: 0,
    maximum: 100,
    scopes: ['domain', 'global'],
    byTenants: false,
  },
} as const satisfies Record<string, SettingDefinition>;

export type SettingName = keyof typeof settings;
/** A number is in the unit it is written in; ranges are `10.0.0.0/8`. */
export type SettingValue = number | BackoffSchedule | readonly string[];

export const settingNames = Object.keys(settings).filter(isSettingName);

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}

export function definitionOf(name: SettingName): SettingDefinition {
  return settings[name];
}

/** The name as it is kept: `webhook.delivery.retries` is another word for tries. */
export function canonicalName(name: string): SettingName | undefined {
  const known = name === 'webhook.delivery.retries' ? 'webhook.delivery.tries' : name;
  return isSettingName(known) ? known : undefined;
}

export type ParsedSetting =
  | { readonly ok: true; readonly value: SettingValue }
  | { readonly ok: false; readonly expected: string };

export function parseSetting(name: SettingName, text: string): ParsedSetting {
  const { type, minimum, maximum } = definitionOf(name);
  const range = `from ${minimum} to ${maximum}`;
  switch (type) {
    case 'integer':
    case 'seconds': {
      const shape = type === 'integer' ? /^\d{1,10}$/ : /^\d{1,10}(\.\d{1,3})?$/;
      const value = Number(text.trim());
      if (shape.test(text.trim()) && value >= minimum && value <= maximum) {
        return { ok: true, value };
      }
      return {
        ok: false,
        expected: `${type === 'integer' ? 'a whole number' : 'seconds'} ${range}`,
      };
    }
    case 'schedule': {
      const value = parseSchedule(text, { minimum, maximum });
      if (value) return { ok: true, value };
      return {
        ok: false,
        expected: `seconds ${range}, as FIRST-LONGEST (5-600) or a list (1,10,60)`,
      };
    }
    case 'ranges': {
      const value = parsePrivateRanges(text);
      if (value && value.length <= maximum) return { ok: true, value };
      return {
        ok: false,
        expected: `none, or at most ${maximum} ranges within ${privateRanges.join(', ')}`,
      };
    }
  }
}

function parsePrivateRanges(text: string): readonly string[] | undefined {
  if (text.trim() === 'none') return [];
  const ranges = text.split(',').map(item => readRange(item.trim()));
  const usable = ranges.filter(range => range !== undefined).filter(isPrivateRange);
  return usable.length === ranges.length ? usable.map(range => range.text) : undefined;
}
