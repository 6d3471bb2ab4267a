/**
 * Scrubs broken JSON of values that are secret because of the name beside them, before it or behind:
 *
 *     {"name": "password", "value": "Xw3"}      {"content": "Xw3", "key": "password"}
 *
 * Names and values are each found in one pass and then joined by their positions: a pattern that looks for one behind
 * the other starts anew at each of them, which takes seconds for a megabyte of names.
 */
import { closingQuote, sign } from './scrub-pairs.ts';

/** Maximum distance, in characters, between a name and the value beside it within one object. */
const besideMax = 500;
const QUOTE = String.raw`\\*["']`;

/** A part of the text, from `start` up to but without `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** A quoted value; `start` is where the key before it begins, `quote` where its opening quote does. */
interface QuotedValue extends Span {
  readonly quote: number;
}

/** Creates the function that scrubs. @param secret pattern of a secret's name. @param mask replaces each secret. */
export function createBesideScrub(secret: string, mask: string): (text: string) => string {
  const isSecret = new RegExp(`${secret}$`, 'i');
  return text => {
    const names = namesIn(text, isSecret);
    if (names.length === 0) return text;
    const values = valuesIn(text);
    const masked = maskedIn(names, values, bracesIn(text));
    let clean = '';
    let from = 0;
    for (const { quote, end } of values.filter((_, index) => masked.has(index))) {
      if (quote < from) continue;
      clean += `${text.slice(from, quote)}"${mask}`;
      from = end;
    }
    return clean + text.slice(from);
  };
}

/** The secrets' names that stand as the value of `name`, `key` and the like. */
function namesIn(text: string, isSecret: RegExp): readonly Span[] {
  const closing = new RegExp(QUOTE, 'y');
  const names: Span[] = [];
  for (const key of text.matchAll(nameKey)) {
    const open = key.index + key[0].length;
    const close = endOfRun(text, open);
    closing.lastIndex = close;
    const end = closing.exec(text);
    if (end && isSecret.test(text.slice(open, close))) {
      names.push({ start: key.index, end: close + end[0].length });
    }
  }
  return names;
}

const nameKey = new RegExp(
  `(?:name|key|path|property|field|id)${QUOTE}\\s*${sign}\\s*${QUOTE}`,
  'gi',
);

function endOfRun(text: string, from: number): number {
  const stop = /["'\\]/g;
  stop.lastIndex = from;
  return stop.exec(text)?.index ?? text.length;
}

function valuesIn(text: string): readonly QuotedValue[] {
  const values: QuotedValue[] = [];
  for (const key of text.matchAll(valueKey)) {
    const quote = key.index + key[0].length;
    const end = endOfValue(text, quote);
    if (end !== undefined) values.push({ start: key.index, quote, end });
  }
  return values;
}

const valueKey = new RegExp(`(?:value|content)${QUOTE}\\s*${sign}\\s*`, 'gi');

/** Maximum number of backslashes before a quote: JSON in JSON in JSON in JSON. With more, the value goes on to the end. */
const escapesMax = 15;

/** Finds where a quoted value ends: at the next quote with as many backslashes before it, or with the text. */
function endOfValue(text: string, quote: number): number | undefined {
  let open = quote;
  while (text[open] === '\\') open += 1;
  if (text[open] !== '"' && text[open] !== "'") return undefined;
  if (open - quote > escapesMax) return text.length;
  return closingQuote(text, open + 1, text.slice(quote, open + 1));
}

function bracesIn(text: string): readonly number[] {
  const braces: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x7b || code === 0x7d) braces.push(at);
  }
  return braces;
}

/** The indexes of the values that a name is beside: the first one behind it, and each one before it. */
function maskedIn(
  names: readonly Span[],
  values: readonly QuotedValue[],
  braces: readonly number[],
): ReadonlySet<number> {
  const nameStarts = names.map(({ start }) => start);
  const valueStarts = values.map(({ start }) => start);
  const isBeside = (from: number, to: number | undefined): boolean =>
    to !== undefined &&
    to - from <= besideMax &&
    !((braces[firstFrom(braces, from)] ?? Infinity) < to);
  const masked = new Set<number>();
  for (const { end } of names) {
    const behind = firstFrom(valueStarts, end);
    if (isBeside(end, valueStarts[behind])) masked.add(behind);
  }
  for (const [index, { quote, end }] of values.entries()) {
    if (isBeside(end, nameStarts[firstFrom(nameStarts, quote)])) masked.add(index);
  }
  return masked;
}

/** The index of the first position that is not before `at`, in ascending positions. */
function firstFrom(positions: readonly number[], at: number): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((positions[middle] ?? Infinity) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
