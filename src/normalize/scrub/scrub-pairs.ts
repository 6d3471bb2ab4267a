/**
 * Scrubs text that is not JSON of the values of `name=value` pairs:
 *
 *     sessionkey=Y2hl     "password": "Xw3"     password\":\"Xw3\"     Authorization: Bearer eyJh
 *
 * A pattern finds where a value begins; its end is looked for by hand, because a pattern's own memory for a quoted value of some
 * megabytes runs out.
 */

/** Creates the function that scrubs. @param words patterns of secrets' names. @param mask replaces each secret. */
export function createPairScrub(words: string, mask: string): (text: string) => string {
  const beginning = new RegExp(`(?:${words})s?\\\\*["']?\\s*[=:]\\s*`, 'gi');
  return text => {
    let clean = '';
    let from = 0;
    beginning.lastIndex = 0;
    for (let match = beginning.exec(text); match; match = beginning.exec(text)) {
      const start = beginning.lastIndex;
      const value = valueAt(text, start);
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

function valueAt(text: string, start: number): PairValue | undefined {
  const quote = matchAt(/\\*["']/y, text, start);
  if (quote === undefined) {
    const bare = matchAt(/(?:(?:basic|bearer)\s+)?[^\s"'\\&,;{}]+/iy, text, start);
    return bare === undefined ? undefined : { quote: '', end: start + bare.length };
  }
  const open = start + quote.length;
  const end = closingQuote(text, open, quote);
  return end > open ? { quote, end } : undefined;
}

function matchAt(sticky: RegExp, text: string, at: number): string | undefined {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0];
}

/** Finds the next quote with just as many backslashes before it, or the end of the text. */
function closingQuote(text: string, open: number, quote: string): number {
  const mark = quote.slice(-1);
  const escapes = quote.length - 1;
  for (let at = text.indexOf(mark, open); at !== -1; at = text.indexOf(mark, at + 1)) {
    let start = at;
    while (start > open && text[start - 1] === '\\') start -= 1;
    if (at - start === escapes) return start;
  }
  return text.length;
}
