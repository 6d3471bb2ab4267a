/**
 * The kinds of value that a key may have: how each is read from an environment variable, which values are valid, and
 * their TypeScript type.
 *
 * convict's own formats read `12abc` as 12 and `no` as true; these kinds refuse such text. Text that cannot be read is
 * passed on unchanged, so that the refusal can show it.
 */
import { readRange } from '../../event/network/address.ts';

/** Bounds that a key may add to its kind. */
export interface Limits {
  /** Smallest `whole` number; 0 by default. */
  readonly min?: number;
  /** Largest `whole` number. */
  readonly max?: number;
  /** The choices of a `word`. */
  readonly words?: readonly string[];
}

interface ValueKind<T> {
  /** Reads the text of an environment variable; returns the text itself if it cannot be read. */
  readonly coerce: (text: string) => unknown;
  /** Whether the value is valid within the limits. */
  readonly accepts: (value: unknown, limits: Limits) => value is T;
  /** Describes valid values; completes the sentence "expected …". */
  readonly expected: (limits: Limits) => string;
}

const asText = (text: string): unknown => text;

const isTextual = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '';

const text: ValueKind<string> = {
  coerce: asText,
  accepts: isTextual,
  expected: () => 'text that is not empty',
};

/** One of the words that the key lists; its type is their union. */
const word: ValueKind<string> = {
  coerce: asText,
  accepts: (value, { words = [] }): value is string =>
    typeof value === 'string' && words.includes(value),
  expected: ({ words = [] }) => `one of ${words.join(', ')}`,
};

const flag: ValueKind<boolean> = {
  coerce: value => (value === 'true' ? true : value === 'false' ? false : value),
  accepts: value => typeof value === 'boolean',
  expected: () => 'true or false',
};

const whole: ValueKind<number> = {
  coerce: value => (/^-?\d+$/.test(value) ? Number(value) : value),
  accepts: (value, { min = 0, max = Number.MAX_SAFE_INTEGER }): value is number =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
  expected: ({ min = 0, max }) =>
    max === undefined ? `a whole number, at least ${min}` : `a whole number from ${min} to ${max}`,
};

const splitList = (value: string): string[] =>
  value
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '');

const list: ValueKind<readonly string[]> = {
  coerce: splitList,
  accepts: (value): value is string[] =>
    Array.isArray(value) && value.length > 0 && value.every(isTextual),
  expected: () => 'at least one name; several are separated by commas, or a list in the file',
};

/** Name of an HTTP header. Source: RFC 9110, section 5.6.2 "Tokens". */
const headerName: ValueKind<string> = {
  coerce: asText,
  accepts: (value): value is string =>
    typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value),
  expected: () => 'the name of a header, such as X-Signature',
};

/** Ranges of IP addresses; an empty list is accepted. */
const ranges: ValueKind<readonly string[]> = {
  coerce: splitList,
  accepts: (value): value is string[] =>
    Array.isArray(value) &&
    value.every(item => typeof item === 'string' && readRange(item) !== undefined),
  expected: () => 'ranges of addresses such as 10.0.0.0/8 or fd00::/8, separated by commas',
};

/** Origins of web pages; an empty list is accepted. Source: RFC 6454, section 6.2. */
const origins: ValueKind<readonly string[]> = {
  coerce: splitList,
  accepts: (value): value is string[] =>
    Array.isArray(value) && value.every(item => typeof item === 'string' && isOrigin(item)),
  expected: () => 'origins such as https://cloud.example, separated by commas',
};

const isOrigin = (item: string): boolean => {
  const parsed = URL.parse(item);
  return (
    parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.origin === item.toLowerCase()
  );
};

/** HTTP status codes that mean delivered: all from 200 to 299, or a list of some. */
const codes: ValueKind<'2xx' | readonly number[]> = {
  coerce: value =>
    value === '2xx'
      ? value
      : splitList(value).map(item => (/^\d+$/.test(item) ? Number(item) : item)),
  accepts: (value): value is '2xx' | number[] =>
    value === '2xx' ||
    (Array.isArray(value) &&
      value.length > 0 &&
      value.every(code => Number.isInteger(code) && code >= 200 && code <= 299)),
  expected: () => '2xx, or codes from 200 to 299 separated by commas',
};

function url(...schemes: string[]): ValueKind<string> {
  return {
    coerce: asText,
    accepts: (value): value is string => {
      const parsed = typeof value === 'string' ? URL.parse(value) : null;
      return parsed !== null && schemes.includes(parsed.protocol.slice(0, -1));
    },
    expected: () => `a URL that starts with ${schemes.map(scheme => `${scheme}://`).join(' or ')}`,
  };
}

const base64Key: ValueKind<string> = {
  coerce: asText,
  accepts: (value): value is string =>
    typeof value === 'string' && /^[A-Za-z0-9+/]{43}=$/.test(value),
  expected: () => '32 bytes in base64, such as `openssl rand -base64 32` prints',
};

/** A list of objects, each of which its builder checks. */
function items(what: string): ValueKind<readonly unknown[]> {
  return {
    coerce: value => {
      try {
        return JSON.parse(value);
      } catch {
        return value;
      }
    },
    accepts: value => Array.isArray(value),
    expected: () => `a list of ${what} (JSON in the variable)`,
  };
}

export const valueKinds = {
  text,
  word,
  flag,
  whole,
  list,
  headerName,
  ranges,
  origins,
  codes,
  databaseUrl: url('postgres', 'postgresql'),
  amqpUrl: url('amqp', 'amqps'),
  httpUrl: url('http', 'https'),
  base64Key,
  sources: items('sources'),
  rules: items('rules'),
} as const satisfies Record<string, ValueKind<unknown>>;

export type KindName = keyof typeof valueKinds;

/** The type of a kind's values, such as number for `whole`. */
export type ValueOfKind<N extends KindName> =
  (typeof valueKinds)[N] extends ValueKind<infer T> ? T : never;
