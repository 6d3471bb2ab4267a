/**
 * Scrubs text that looks like JSON, and cannot be read as such, of the secrets that no `name: value` pair shows:
 *
 *     "connection_info": {"data": {"hosts": ["10.0.0.1"]}     the whole of it, to its end or to the text's
 *     Driver=FreeTDS;Pwd={x;w3}, tokens: [Xw3, Yx4]           the same
 *     {"name": "password", "value": "Xw3"}                    the value beside the name (scrub-beside.ts)
 *
 * The time is linear in the length of the text, whatever it holds.
 */
import { createBesideScrub } from './scrub-beside.ts';
import { blanks, sign } from './scrub-pairs.ts';

/** Creates the function that scrubs. @param words patterns of secrets' names. @param mask replaces each secret. */
export function createBrokenScrub(words: string, mask: string): (text: string) => string {
  const secret = `(?:${words})s?`;
  const container = new RegExp(
    `${secret}(?:\\[?\\d+\\]?)?(\\\\*)(?:["']\\s*${sign}\\s*|${blanks}*${sign}${blanks}*)[{[]`,
    'gi',
  );
  const besideNames = createBesideScrub(secret, mask);
  return text => {
    if (!/[{[]/.test(text)) return text;
    const clean = withoutContainers(text, container, mask);
    return /["']/.test(clean) ? besideNames(clean) : clean;
  };
}

function withoutContainers(text: string, container: RegExp, mask: string): string {
  let clean = '';
  let from = 0;
  for (const match of text.matchAll(container)) {
    if (match.index < from) continue;
    const open = match.index + match[0].length - 1;
    const escape = match[1] ?? '';
    clean += `${text.slice(from, open)}${escape}"${mask}${escape}"`;
    // Where the quotes are escaped nobody can tell a bracket in a text from one that ends something.
    from = escape === '' ? endOf(text, open) : text.length;
  }
  return clean + text.slice(from);
}

/** Finds the end of what the bracket at `open` begins: one past the closing bracket, or the end of the text. */
function endOf(text: string, open: number): number {
  let depth = 0;
  let isInText = false;
  for (let at = open; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\') at += 1;
    else if (character === '"') isInText = !isInText;
    else if (isInText) continue;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}
