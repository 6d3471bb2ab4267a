/**
 * The settings kept in the database: their names, types, ranges and defaults; pure. Names and meaning are CloudStack's
 * where it has them. Source: apache/cloudstack, WebhookService's config keys.
 */
import { dispatchKeys } from '../config/dispatch/dispatch-keys.ts';
import type { ValueOf } from '../config/value/key.ts';
import { isPrivateRange, privateRanges, readRange } from '../event/network/address.ts';
import type { SettingScope } from '../store/schema/setting.ts';
import type { BackoffSchedule } from './schedule.ts';
import { parseSchedule } from './schedule.ts';

export const settingScopes = [
  'webhook',
  'domain',
  'global',
] as const satisfies readonly SettingScope[];

export const settingTypes = ['integer', 'seconds', 'schedule', 'ranges', 'choice'] as const;
export type SettingType = (typeof settingTypes)[number];

export interface SettingDefinition {
  readonly description: string;
  readonly type: SettingType;
  /** Smallest number, in the unit of the value; for `ranges` and `choice`, the fewest of them. */
  readonly minimum: number;
  /** Largest number, in the unit of the value; for `ranges` and `choice`, the most of them. */
  readonly maximum: number;
  /** Of type `choice`: the values. */
  readonly choices?: readonly string[];
  /** Scopes in which it may be set. */
  readonly scopes: readonly SettingScope[];
  /** Whether tenants may set it for their own domains and webhooks; otherwise only an Admin may set it. */
  readonly byTenants: boolean;
  /** The value where it is set nowhere, as text that `parseSetting` accepts. */
  readonly defaultOf: (dispatch: DispatchValues) => string;
}

type DispatchValues = ValueOf<typeof dispatchKeys>;

const inSeconds = (ms: number): string => String(ms / 1_000);

/** Keys of the configuration that are the default of a setting; the setting has their range. */
const keys = dispatchKeys;

export const settings = {
  'webhook.delivery.tries': {
    description:
      "Maximum number of attempts per delivery, the first one included. A webhook's own `tries` takes precedence.",
    type: 'integer',
    minimum: keys.tries.min,
    maximum: keys.tries.max,
    scopes: ['domain', 'global'],
    byTenants: true,
    defaultOf: ({ tries }) => String(tries),
  },
  'webhook.delivery.timeout': {
    description:
      "Time limit of one attempt, in seconds. A webhook's own `timeoutMs` takes precedence.",
    type: 'seconds',
    minimum: keys.timeoutMs.min / 1_000,
    maximum: keys.timeoutMs.max / 1_000,
    scopes: ['domain', 'global'],
    byTenants: true,
    defaultOf: ({ timeoutMs }) => inSeconds(timeoutMs),
  },
  'webhook.delivery.backoff': {
    description:
      'Waits between attempts, in seconds. `5-600` draws a random wait of a third to two thirds of 5, which doubles with each attempt up to 600; `1,10,60` waits about 1 after the first attempt, 10 after the second and 60 after every later one.',
    type: 'schedule',
    minimum: keys.backoff.baseMs.min / 1_000,
    maximum: keys.backoff.capMs.max / 1_000,
    scopes: ['webhook', 'domain', 'global'],
    byTenants: true,
    defaultOf: ({ backoff: { baseMs, capMs } }) =>
      `${inSeconds(Math.min(baseMs, capMs))}-${inSeconds(capMs)}`,
  },
  'webhook.delivery.outage': {
    description:
      '`hold`: what a receiver that is down does not answer costs no try; its deliveries wait until it is back, or expire. `fail`, as in CloudStack: every failed attempt costs a try, the tries follow one another at once, and nothing is held back.',
    type: 'choice',
    choices: ['hold', 'fail'],
    minimum: 1,
    maximum: 1,
    scopes: ['webhook', 'domain', 'global'],
    byTenants: true,
    defaultOf: () => 'hold',
  },
  'webhook.delivery.expire.after': {
    description:
      'Time after its event at which a delivery that is still waiting ends as failed, with the reason `expired`, in seconds. An outage of a receiver may last as long without loss.',
    type: 'seconds',
    minimum: 1,
    maximum: 2_592_000,
    scopes: ['webhook', 'domain', 'global'],
    byTenants: true,
    defaultOf: () => '86400',
  },
  'webhook.failing.disable.after': {
    description:
      'Time after which a webhook is disabled if every attempt in it failed, in seconds; 0 never disables one, as in CloudStack.',
    type: 'seconds',
    minimum: 0,
    maximum: 31_536_000,
    scopes: ['webhook', 'domain', 'global'],
    byTenants: true,
    defaultOf: () => '432000',
  },
  'webhook.backlog.limit': {
    description:
      'Maximum number of deliveries that wait for one webhook. Beyond it the oldest end as failed, with the reason `backlog limit`; they can be redelivered.',
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000_000,
    scopes: ['webhook', 'domain', 'global'],
    byTenants: false,
    defaultOf: () => '400000',
  },
  'account.backlog.limit': {
    description:
      'Maximum number of deliveries that wait for all webhooks of one account. Beyond it the oldest end as failed, with the reason `backlog limit`; they can be redelivered.',
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000_000,
    scopes: ['domain', 'global'],
    byTenants: false,
    defaultOf: () => '500000',
  },
  'webhook.deliveries.limit': {
    description:
      'Maximum number of successful deliveries kept per webhook, the last delivered ones. Failed and cancelled deliveries do not count: they are kept for `retention.days`, so that they can be redelivered.',
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000_000,
    scopes: ['webhook', 'domain', 'global'],
    byTenants: false,
    // Hookline's own number; CloudStack has another default.
    defaultOf: () => '1000',
  },
  'webhook.deliveries.cleanup.interval': {
    description:
      'Interval at which successful deliveries beyond `webhook.deliveries.limit` are deleted, in seconds.',
    type: 'seconds',
    minimum: 1,
    maximum: 604_800,
    scopes: ['global'],
    byTenants: false,
    defaultOf: () => '3600',
  },
  'webhook.deliveries.cleanup.initial.delay': {
    description: 'Delay from the start of a process to its first such cleanup, in seconds.',
    type: 'seconds',
    minimum: 0,
    maximum: 604_800,
    scopes: ['global'],
    byTenants: false,
    defaultOf: () => '180',
  },
  'webhook.account.limit': {
    description:
      'Maximum number of webhooks of an account; 0 is no limit. Webhooks beyond it stay when it is lowered.',
    type: 'integer',
    minimum: 0,
    maximum: 1_000_000,
    scopes: ['domain', 'global'],
    byTenants: false,
    // One event may be owed to all of them at once; more than a thousand receivers of one account are a mistake.
    defaultOf: () => '1000',
  },
  'webhook.delivery.thread.pool.size': {
    description: 'Maximum number of requests that one process has in flight, over all webhooks.',
    type: 'integer',
    minimum: keys.concurrency.min,
    maximum: keys.concurrency.max,
    scopes: ['global'],
    byTenants: false,
    defaultOf: ({ concurrency }) => String(concurrency),
  },
  'webhook.egress.private.ranges': {
    description:
      "Private address ranges that webhooks of the domain's accounts may deliver to, separated by commas, or `none`. Webhooks of root domain accounts may deliver to all private ranges anyway, except for accounts whose users are not Admins; other closed addresses can be opened by the configuration only.",
    type: 'ranges',
    minimum: 0,
    maximum: 100,
    scopes: ['domain', 'global'],
    byTenants: false,
    defaultOf: () => 'none',
  },
} as const satisfies Record<string, SettingDefinition>;

export type SettingName = keyof typeof settings;
/** A parsed value: a number in the unit it was written in, a schedule in milliseconds, ranges such as `10.0.0.0/8`, or a choice. */
export type SettingValue = number | string | BackoffSchedule | readonly string[];

export const settingNames = Object.keys(settings).filter(isSettingName);

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}

/** Texts that `parseSetting` accepts. */
export type SettingDefaults = Readonly<Record<SettingName, string>>;

/** The value of each setting where it is set nowhere. */
export function settingDefaults(dispatch: DispatchValues): SettingDefaults;
export function settingDefaults(dispatch: DispatchValues): object {
  return Object.fromEntries(settingNames.map(name => [name, settings[name].defaultOf(dispatch)]));
}

export function definitionOf(name: SettingName): SettingDefinition {
  return settings[name];
}

/** The name under which a setting is stored; `webhook.delivery.retries` is CloudStack's other name for tries. */
export function canonicalName(name: string): SettingName | undefined {
  const known = name === 'webhook.delivery.retries' ? 'webhook.delivery.tries' : name;
  return isSettingName(known) ? known : undefined;
}

export type ParsedSetting =
  | { readonly ok: true; readonly value: SettingValue }
  | { readonly ok: false; readonly expected: string };

export function parseSetting(name: SettingName, text: string): ParsedSetting {
  const { type, minimum, maximum, choices = [] } = definitionOf(name);
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
    case 'choice': {
      const value = choices.find(choice => choice === text.trim());
      return value === undefined
        ? { ok: false, expected: `one of ${choices.join(', ')}` }
        : { ok: true, value };
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
