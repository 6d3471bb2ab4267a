/**
 * The value formats of the schema, registered with convict under their names.
 *
 * convict's own formats read `12abc` as 12 and `no` as true; these refuse what they do not understand. Text that
 * cannot be read is passed on as it is, so that the check can show it as it was written.
 */
import convict from 'convict';

import { readRange } from '../../event/address.ts';

/** One key of the configuration: a convict schema property whose parts the documentation also reads. */
export type Key<T = unknown> = {
  readonly doc: string;
  /** Of the number, such as `ms`; absent for text, flags and lists. */
  readonly unit?: string;
  readonly format: FormatName;
  /** null is absent: there is no such thing as "no default" in convict. */
  readonly default: T | null;
  readonly env?: string;
  /** Masked wherever it is shown. */
  readonly sensitive?: true;
  readonly nullable?: true;
  /** Bounds of a `whole` number. */
  readonly min?: number;
  readonly max?: number;
  /** What a `word` may be. */
  readonly words?: readonly string[];
};

/** A tree of keys. */
export interface Section {
  readonly [name: string]: Key | Section;
}

/** The section whose values, once layered, have the shape T. */
export type Keys<T> = {
  readonly [P in keyof T]: T[P] extends Leaf ? Key<T[P]> : Keys<T[P]>;
};

type Leaf = string | number | boolean | null | readonly unknown[];

export type FormatName = keyof typeof formats;

type Limits = Pick<Key, 'min' | 'max' | 'words'>;

interface Format {
  /** Reads what an environment variable holds; returns the text itself when it cannot. */
  coerce(text: string): unknown;
  accepts(value: unknown, limits: Limits): boolean;
  /** Completes the sentence "expected …". */
  expected(limits: Limits): string;
}

const asText = (text: string): unknown => text;

const text: Format = {
  coerce: asText,
  accepts: value => typeof value === 'string' && value.trim() !== '',
  expected: () => 'text that is not empty',
};

const word: Format = {
  coerce: asText,
  accepts: (value, key) => typeof value === 'string' && (key.words ?? []).includes(value),
  expected: key => `one of ${(key.words ?? []).join(', ')}`,
};

const flag: Format = {
  coerce: value => (value === 'true' ? true : value === 'false' ? false : value),
  accepts: value => typeof value === 'boolean',
  expected: () => 'true or false',
};

const whole: Format = {
  coerce: value => (/^-?\d+$/.test(value) ? Number(value) : value),
  accepts: (value, key) =>
    Number.isInteger(value) &&
    Number(value) >= (key.min ?? 0) &&
    Number(value) <= (key.max ?? Number.MAX_SAFE_INTEGER),
  expected: ({ min = 0, max }) =>
    max === undefined ? `a whole number, at least ${min}` : `a whole number from ${min} to ${max}`,
};

const splitList = (value: string): string[] =>
  value
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '');

const list: Format = {
  coerce: splitList,
  accepts: value =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(item => typeof item === 'string' && item.trim() !== ''),
  expected: () => 'at least one name; several are separated by commas, or a list in the file',
};

/** Source: RFC 9110, section 5.6.2 "Tokens". */
const headerName: Format = {
  coerce: asText,
  accepts: value => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value),
  expected: () => 'the name of a header, such as X-Signature',
};

/** Of IP addresses; may be empty. */
const ranges: Format = {
  coerce: splitList,
  accepts: value =>
    Array.isArray(value) &&
    value.every(item => typeof item === 'string' && readRange(item) !== undefined),
  expected: () => 'ranges of addresses such as 10.0.0.0/8 or fd00::/8, separated by commas',
};

/** `2xx`, or the codes themselves. */
const codes: Format = {
  coerce: value =>
    value === '2xx'
      ? value
      : splitList(value).map(item => (/^\d+$/.test(item) ? Number(item) : item)),
  accepts: value =>
    value === '2xx' ||
    (Array.isArray(value) &&
      value.length > 0 &&
      value.every(code => Number.isInteger(code) && code >= 200 && code <= 299)),
  expected: () => '2xx, or codes from 200 to 299 separated by commas',
};

function url(...schemes: string[]): Format {
  return {
    coerce: asText,
    accepts: value => {
      const parsed = typeof value === 'string' ? URL.parse(value) : null;
      return parsed !== null && schemes.includes(parsed.protocol.slice(0, -1));
    },
    expected: () => `a URL that starts with ${schemes.map(scheme => `${scheme}://`).join(' or ')}`,
  };
}

const base64Key: Format = {
  coerce: asText,
  accepts: value => typeof value === 'string' && /^[A-Za-z0-9+/]{43}=$/.test(value),
  expected: () => '32 bytes in base64, such as `openssl rand -base64 32` prints',
};

/** Items are checked one by one, with their own keys, by `source.ts`. */
const sources: Format = {
  coerce: value => {
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  },
  accepts: value => Array.isArray(value),
  expected: () => 'a list of sources (JSON in the variable)',
};

/** Items are checked one by one by `oidc.ts`. */
const rules: Format = {
  ...sources,
  expected: () => 'a list of rules (JSON in the variable)',
};

export const formats = {
  text,
  word,
  flag,
  whole,
  list,
  headerName,
  ranges,
  codes,
  databaseUrl: url('postgres', 'postgresql'),
  amqpUrl: url('amqp', 'amqps'),
  httpUrl: url('http', 'https'),
  base64Key,
  sources,
  rules,
} as const satisfies Record<string, Format>;

/** Says what is wrong with a value, or undefined when nothing is. */
export function expectation(value: unknown, key: Key): string | undefined {
  if (value === null && key.nullable === true) return undefined;
  const format: Format = formats[key.format];
  return format.accepts(value, key) ? undefined : format.expected(key);
}

for (const [name, format] of Object.entries<Format>(formats)) {
  convict.addFormat({
    name,
    coerce: (value: string) => format.coerce(value),
    validate: (value: unknown, { min, max, words }) => {
      const limits: Limits = { min, max, words };
      if (!format.accepts(value, limits)) throw new Error(`expected ${format.expected(limits)}`);
    },
  });
}
