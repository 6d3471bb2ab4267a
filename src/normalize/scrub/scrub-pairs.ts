/**
 * Scrubs text that is not JSON of the values of `name=value` pairs:
 *
 *     sessionkey=Y2hl     "password": "Xw3"     password\":\"Xw3\"     'password' => 'Xw3'
 *     Authorization: Bearer eyJh     Cookie: lang=en; session=eyJh
 *
 * A pattern finds where a value begins; its end is looked for by hand, because a pattern's own memory for a quoted value of some
 * megabytes runs out. A name at the end of a line has no value: what stands on the next line is another name. YAML's blocks
 * (`password: |`) alone go on below.
 */

export const blanks = String.raw`[^\S\r\n]`;
/** Pattern of what stands between a name and its value. */
export const sign = '(?:=>|:=|[:=])';

const word = String.raw`[^\s"'\\&,;{}]+`;
const BARE = new RegExp(`(?:(?:basic|bearer)${blanks}+)?${word}`, 'iy');
/** Values that are more than a word: any scheme with its credentials, and every cookie of a list. */
const headers: readonly (readonly [name: RegExp, value: RegExp])[] = [
  [/authorizations?\W+$/i, new RegExp(`(?:[a-z][\\w-]{0,30}${blanks}+)?${word}`, 'iy')],
  [/cookies?\W+$/i, new RegExp(`[^\\s"'\\\\;]+(?:;${blanks}?[^\\s"'\\\\;]+)*`, 'iy')],
];

/** Creates the function that scrubs. @param words patterns of secrets' names. @param mask replaces each secret. */
export function createPairScrub(words: string, mask: string): (text: string) => string {
  const beginning = new RegExp(`(?:${words})s?\\\\*["']?${blanks}*${sign}${blanks}*`, 'gi');
  return text => {
    let clean = '';
    let from = 0;
    beginning.lastIndex = 0;
    for (let match = beginning.exec(text); match; match = beginning.exec(text)) {
      const start = beginning.lastIndex;
      const name = match[0];
      const bare = headers.find(([pattern]) => pattern.test(name))?.[1] ?? BARE;
      const value = valueAt(text, start, bare);
      if (value === undefined) {
        beginning.lastIndex = match.index + 1;
        continue;
      }
      clean += `${text.slice(from, start)}${value.quote}${mask}`;
      from = value.end;
      beginning.lastIndex = from;
    }
    return clean + text.slice(from);
  };
}

interface PairValue {
  /** The opening quote with the backslashes before it; empty where there is none. */
  readonly quote: string;
  /** Where the value ends; the closing quote is not part of it. */
  readonly end: number;
}

function valueAt(text: string, start: number, unquoted: RegExp): PairValue | undefined {
  const quote = matchAt(/\\*["']/y, text, start);
  if (quote === undefined) {
    const bare = matchAt(unquoted, text, start);
    if (bare === undefined) return undefined;
    const end = start + bare.length;
    const line = matchAt(LINE_END, text, end);
    if (line === undefined || !BLOCK.test(bare)) return { quote: '', end };
    return { quote: '', end: endOfBlock(text, end + line.length - 1) };
  }
  const open = start + quote.length;
  const end = closingQuote(text, open, quote);
  return end > open ? { quote, end } : undefined;
}

function matchAt(sticky: RegExp, text: string, at: number): string | undefined {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0];
}

/** What stands for a value that is written on the lines below. */
const BLOCK = /^[|>][-+\d]{0,2}$/;
const LINE_END = /\r?\n/y;
const INDENT = /[^\S\n]*/y;

/** Finds the end of a YAML block: of the lines that are empty or indented deeper than the one it begins in. */
function endOfBlock(text: string, from: number): number {
  const indent = indentAt(text, text.lastIndexOf('\n', from - 1) + 1);
  let end = from;
  while (text[end] === '\n') {
    const line = end + 1;
    const next = foundOr(text.indexOf('\n', line), text.length);
    const depth = indentAt(text, line);
    if (depth <= indent && line + depth < next) break;
    end = next;
  }
  return end;
}

const indentAt = (text: string, line: number): number => matchAt(INDENT, text, line)?.length ?? 0;
const foundOr = (index: number, otherwise: number): number => (index === -1 ? otherwise : index);

/** Finds the next quote with just as many backslashes before it, or the end of the text. */
export function closingQuote(text: string, open: number, quote: string): number {
  const mark = quote.slice(-1);
  const escapes = quote.length - 1;
  for (let at = text.indexOf(mark, open); at !== -1; at = text.indexOf(mark, at + 1)) {
    let start = at;
    while (start > open && text[start - 1] === '\\') start -= 1;
    if (at - start === escapes) return start;
  }
  return text.length;
}
