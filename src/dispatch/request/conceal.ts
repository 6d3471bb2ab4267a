/**
 * Takes a webhook's secrets out of what its receiver says: debug pages and echo services repeat the request's headers and
 * body, and whoever may see an answer may not see them.
 *
 * A tenant chooses both the secrets and the answers, so nothing here may take more time than their lengths explain.
 */
import { hiddenValue } from '../../format/own-header.ts';
import { fold, readingsOf, withoutCutEscape, type Reading, type Span } from './reading.ts';
import { spellingsOf, type Spelling } from './spelling.ts';

/** Conceals secrets in a text. @param isCut whether the text ends where somebody cut it, perhaps within a secret. */
export type Conceal = (text: string, isCut: boolean) => string;

/** The beginning of a secret at the end of a cut text is concealed from this length on. */
const beginningBytesMin = 2;

/** Creates the function that conceals them, however they are spelled. */
export function createConceal(secrets: readonly string[]): Conceal {
  const parts = [...new Set(secrets.flatMap(partsOf))];
  const spellings = parts
    .filter(secret => secret !== '' && secret !== hiddenValue)
    .flatMap(spellingsOf);
  if (spellings.length === 0) return text => text;
  const bytesMin = Math.min(...spellings.map(({ bytes }) => bytes.length));
  return (text, isCut) => {
    // Most answers are a word.
    if (!isCut && Buffer.byteLength(text) < bytesMin) return text;
    const readings = readingsOf(isCut ? withoutCutCharacter(text) : text);
    const spans = readings.map(fold).flatMap(reading => occurrencesIn(reading, spellings, text));
    const cutAt = isCut ? beginningAt(readings, spellings) : Infinity;
    return replaceSpans(text, cutAt < text.length ? [...spans, [cutAt, text.length]] : spans);
  };
}

/** The secret, and what of it is a secret by itself: the token of `Bearer <token>`, the password of `Basic …`. */
function partsOf(secret: string): string[] {
  const [, scheme, token] = /^([A-Za-z]+)[ _](.+)$/.exec(secret) ?? [];
  if (scheme === undefined || token === undefined) return [secret];
  if (scheme.toLowerCase() !== 'basic') return [secret, token];
  const pair = Buffer.from(token, 'base64').toString();
  return [secret, token, pair, pair.slice(pair.indexOf(':') + 1)];
}

/** The cut may have split a character. */
function withoutCutCharacter(text: string): string {
  let end = text.length;
  while (text[end - 1] === '\u{FFFD}') end -= 1;
  return text.slice(0, end);
}

function occurrencesIn(
  { bytes, spanAt }: Reading,
  spellings: readonly Spelling[],
  text: string,
): Span[] {
  const spans: Span[] = [];
  for (const { bytes: sought, isWord } of spellings) {
    for (let at = bytes.indexOf(sought); at >= 0;) {
      const span = [spanAt(at)[0], spanAt(at + sought.length - 1)[1]] as const;
      const counts = !isWord || standsAlone(text, span);
      if (counts) spans.push(span);
      at = bytes.indexOf(sought, at + (counts ? sought.length : 1));
    }
  }
  return spans;
}

/** No letter or digit stands before it, unless that ends an escape, and none behind it. */
function standsAlone(text: string, [from, to]: Span): boolean {
  return (
    /(?:^|[^\p{L}\p{N}]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[bfnrt])$/u.test(
      text.slice(Math.max(0, from - escapeCharsMax), from),
    ) && !/^[\p{L}\p{N}]/u.test(text.slice(to, to + 2))
  );
}

const escapeCharsMax = 6;

/** Where a secret begins that goes on to the end of the text; Infinity when none does. */
function beginningAt(readings: readonly Reading[], spellings: readonly Spelling[]): number {
  const all = readings.flatMap(reading => {
    const short = withoutCutEscape(reading);
    return [
      beginningIn(reading, spellings, beginningBytesMin),
      // The escape that was cut is a part of it.
      short ? beginningIn(short, spellings, 1) : Infinity,
    ];
  });
  return Math.min(...all);
}

function beginningIn(reading: Reading, spellings: readonly Spelling[], bytesMin: number): number {
  const { bytes, spanAt } = fold(reading);
  const lengths = spellings.map(({ bytes: sought }) => begunAtEnd(bytes, sought));
  const longest = Math.max(...lengths);
  return longest < bytesMin ? Infinity : spanAt(bytes.length - longest)[0];
}

/** Beginnings of secrets are compared up to this length; where so much of one is, the rest is taken for it. */
const comparedBytesMax = 512;

/** How much of the end of a text belongs to a secret that begins there. */
function begunAtEnd(bytes: string, sought: string): number {
  const head = sought.slice(0, comparedBytesMax);
  if (head.length === sought.length) return overlapOf(bytes, sought);
  const at = bytes.indexOf(head, Math.max(0, bytes.length - sought.length + 1));
  return at < 0 ? overlapOf(bytes, head) : bytes.length - at;
}

/** How much of the end of a text is the beginning of what is sought, not all of it. Source: Knuth, Morris and Pratt. */
function overlapOf(bytes: string, sought: string): number {
  const borders = new Uint32Array(sought.length);
  const extend = (length: number, code: number): number => {
    let longest = length;
    while (longest > 0 && sought.charCodeAt(longest) !== code) longest = borders[longest - 1] ?? 0;
    return sought.charCodeAt(longest) === code ? longest + 1 : 0;
  };
  for (let at = 1; at < sought.length; at += 1) {
    borders[at] = extend(borders[at - 1] ?? 0, sought.charCodeAt(at));
  }
  let length = 0;
  for (let at = Math.max(0, bytes.length - sought.length + 1); at < bytes.length; at += 1) {
    length = extend(length, bytes.charCodeAt(at));
  }
  return length;
}

/** Replaces each of the spans, and those that overlap once. */
function replaceSpans(text: string, spans: readonly Span[]): string {
  let shown = '';
  let end = 0;
  for (const [from, to] of spans.toSorted(([one], [other]) => one - other)) {
    if (from >= end) shown += text.slice(end, from) + hiddenValue;
    end = Math.max(end, to);
  }
  return shown + text.slice(end);
}
