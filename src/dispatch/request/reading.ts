/**
 * What a text reads as once the escapes in it are undone: those of JSON, URLs, forms and HTML, also one within another. A
 * secret is looked for in its readings, whatever of it is escaped and how; each takes time in proportion to the text.
 */

/** A part of the text, from its first character to behind its last one. */
export type Span = readonly [from: number, to: number];

export interface Reading {
  /** UTF-8, a character for each byte. */
  readonly bytes: string;
  /** Finds the part of the text that stands for a byte. */
  readonly spanAt: (at: number) => Span;
}

/** Escapes within escapes are undone to this depth. */
const depthMax = 3;

/** The readings of a text, the plain one first; none of them twice. */
export function readingsOf(text: string): Reading[] {
  const readings: Reading[] = [];
  let one: Reading | undefined = readPlain(text);
  for (let depth = 0; one && depth <= depthMax; depth += 1) {
    readings.push(one);
    one = undo(one);
  }
  return readings;
}

/** The text as it is found in the folded readings of others that repeat it: plain, and with its own escapes undone. */
export function canonicalOf(text: string): string[] {
  const [plain = '', ...undone] = readingsOf(text).map(one => fold(one).bytes);
  return [plain, undone.at(-1) ?? ''].filter(bytes => bytes !== '');
}

function readPlain(text: string): Reading {
  const bytes = Buffer.from(text).toString('latin1');
  if (bytes.length === text.length) return { bytes, spanAt: at => [at, at + 1] };
  let spans: readonly Span[] | undefined;
  return { bytes, spanAt: at => (spans ??= spansOf(text))[at] ?? [at, at] };
}

/** The character of each byte. */
function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const char of text) {
    const span: Span = [from, from + char.length];
    for (let left = Buffer.byteLength(char); left > 0; left -= 1) spans.push(span);
    [, from] = span;
  }
  return spans;
}

const escapes =
  /%(?<byte>[0-9a-f]{2})|\\x(?<unit>[0-9a-f]{2})|\\u(?<high>d[89ab][0-9a-f]{2})\\{1,4}u(?<low>d[c-f][0-9a-f]{2})|\\u(?<point>[0-9a-f]{4})|&(?:#(?<decimal>\d{1,7})|#x(?<hex>[0-9a-f]{1,6})|(?<name>amp|lt|gt|quot|apos));/gi;

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** Undoes the outermost escapes. @returns undefined when there are none. */
function undo(reading: Reading): Reading | undefined {
  const undone = rewrite(reading, escapes, meaningOf);
  return undone.bytes === reading.bytes ? undefined : undone;
}

type Groups = Readonly<Record<string, string | undefined>>;

function meaningOf(escape: string, groups: Groups): string {
  const { byte, unit, high, low, point, decimal, hex, name } = groups;
  if (name !== undefined) return named[name.toLowerCase()] ?? escape;
  if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
  if (high !== undefined && low !== undefined) {
    return utf8(String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)));
  }
  const radix = decimal === undefined ? 16 : 10;
  const code = Number.parseInt(decimal ?? hex ?? point ?? unit ?? '', radix);
  return code > 0x10ffff ? escape : utf8(String.fromCodePoint(code));
}

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

/** Characters that stand for others: a blank in a form, and the letters of JSON's escapes, whose backslash is left out. */
const folded: Readonly<Record<string, string>> = {
  '+': ' ',
  '\b': 'b',
  '\f': 'f',
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
};

/** Leaves backslashes out, so that it does not matter how often they are doubled, and what is escaped by one alone. */
export function fold({ bytes, spanAt }: Reading): Reading {
  const plain = bytes.replaceAll(/[+\b\f\n\r\t]/g, char => folded[char] ?? char);
  if (!plain.includes('\\')) return { bytes: plain, spanAt };
  return rewrite({ bytes: plain, spanAt }, /\\+(?<escaped>[^0-9A-Za-z\\])?/g, (_, { escaped }) =>
    escaped === undefined ? '' : escaped,
  );
}

/** A place where a reading differs from the one that it was made of. */
interface Rewritten {
  readonly at: number;
  readonly end: number;
  /** In the other one. */
  readonly from: number;
  readonly to: number;
}

/** Replaces what matches. @param meaning is given the match and its groups. */
function rewrite(
  { bytes, spanAt }: Reading,
  pattern: RegExp,
  meaning: (match: string, groups: Groups) => string,
): Reading {
  const places: Rewritten[] = [];
  let grown = 0;
  const rewritten = bytes.replaceAll(pattern, (match: string, ...rest: unknown[]) => {
    const groups = rest.at(-1);
    const from = Number(rest.at(-3));
    const meant = meaning(match, isGroups(groups) ? groups : {});
    const at = from + grown;
    places.push({ at, end: at + meant.length, from, to: from + match.length });
    grown += meant.length - match.length;
    return meant;
  });
  return { bytes: rewritten, spanAt: at => spanIn(places, at, spanAt) };
}

const isGroups = (value: unknown): value is Groups => typeof value === 'object' && value !== null;

function spanIn(places: readonly Rewritten[], at: number, spanAt: Reading['spanAt']): Span {
  const place = places[countUpTo(places, at) - 1];
  if (!place) return spanAt(at);
  if (at >= place.end) return spanAt(place.to + at - place.end);
  return [spanAt(place.from)[0], spanAt(place.to - 1)[1]];
}

/** How many of the places begin there or before. */
function countUpTo(places: readonly Rewritten[], at: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle]?.at ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

const incomplete =
  /(?:%[0-9a-f]?|\\(?:u[0-9a-f]{0,3}|x[0-9a-f]?)?|&(?:#\d{0,7}|#x[0-9a-f]{0,6}|[a-z]{0,4}))$/i;
const incompleteCharsMax = 10;

/** The reading without an escape that its end cut; undefined when there is none. */
export function withoutCutEscape({ bytes, spanAt }: Reading): Reading | undefined {
  const cut = incomplete.exec(bytes.slice(-incompleteCharsMax))?.[0];
  return cut === undefined ? undefined : { bytes: bytes.slice(0, -cut.length), spanAt };
}
