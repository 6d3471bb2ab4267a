/** How a text may be spelled by servers that repeat it. */

/** For each of its characters, the ways in which it may be written. */
export type Spelling = readonly (readonly string[])[];

/**
 * Lists the spellings of a text: as it is, with any of its characters escaped for JSON, URLs or HTML; in base64, also as a
 * part of something longer; and in hex.
 */
export function spellingsOf(text: string): Spelling[] {
  const hex = Buffer.from(text).toString('hex');
  return [
    Array.from(text, char => waysOf(char)),
    ...base64Of(text).map(encoded => Array.from(encoded, char => waysOf(char))),
    Array.from(hex, digit => [...new Set([digit, digit.toUpperCase()])]),
  ];
}

/** @param char one code point. @returns also what is escaped twice: JSON in JSON, JSON in a form. */
function waysOf(char: string): string[] {
  if (/[A-Za-z0-9]/.test(char)) return [char];
  const once = escapesOf(char);
  return [...new Set([char, ...once, ...once.flatMap(escapesOf)])];
}

/** The text as JSON, a URL, a form and HTML have it, where not all of it is letters and digits. */
function escapesOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const percent = escapeEach(text, /[^A-Za-z0-9\-_.~]/gu, percentOf);
  const unicode = escapeEach(text, /[^\x20-\x7e]|[<>&'"+\\]/g, unicodeOf);
  return [
    json,
    json.replaceAll('/', '\\/'),
    unicode,
    lowerEscapes(unicode),
    percent,
    lowerEscapes(percent),
    percent.replaceAll('%20', '+'),
    escapeEach(text, /[&<>"']/g, char => `&${entities[char]};`),
    escapeEach(text, /[^A-Za-z0-9]/gu, char => `&#${char.codePointAt(0)};`),
    escapeEach(text, /[^A-Za-z0-9]/gu, char => `&#x${char.codePointAt(0)?.toString(16)};`),
  ];
}

const escapeEach = (text: string, which: RegExp, escape: (char: string) => string): string =>
  text.replaceAll(which, escape);

const percentOf = (char: string): string =>
  Array.from(Buffer.from(char), byte => `%${hexOf(byte, 2)}`).join('');

const unicodeOf = (unit: string): string => `\\u${hexOf(unit.charCodeAt(0), 4)}`;

/** Escapes with small letters. */
const lowerEscapes = (text: string): string =>
  text.replaceAll(/%[0-9A-F]{2}|\\u[0-9A-F]{4}/g, escape => escape.toLowerCase());

const hexOf = (number: number, digits: number): string =>
  number.toString(16).toUpperCase().padStart(digits, '0');

const entities: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};

/** Shorter texts leave nothing in base64 that is theirs alone. */
const partBytesMin = 5;

/**
 * Base64 of the text wherever it stands in what was encoded: before it there are 0, 1 or 2 bytes of a group of three. The
 * characters that it shares with its neighbours are left out.
 */
function base64Of(text: string): string[] {
  const bytes = Buffer.from(text);
  if (bytes.length < partBytesMin) return bothAlphabets(bytes);
  const parts = [0, 1, 2].flatMap(before => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((shifted.length * 8) / 6);
    return bothAlphabets(shifted).map(encoded => encoded.slice(from, to));
  });
  return [...new Set(parts)];
}

const bothAlphabets = (bytes: Buffer): string[] => [
  bytes.toString('base64'),
  bytes.toString('base64url'),
];
