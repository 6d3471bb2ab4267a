/**
 * Takes out of text that looks like JSON, and cannot be read as such, the secrets that no `name: value` pair shows:
 *
 *     "connection_info": {"data": {"hosts": ["10.0.0.1"]}     the whole of it, to its end or to the text's
 *     {"name": "password", "value": "Xw3"}                    what stands beside the name, before it or behind
 */

/** Between a name and what stands beside it, within one object. */
const besideMax = 500;
const QUOTE = String.raw`\\*["']`;
/** A text, up to its end or the text's. */
const TEXT = String.raw`\\*"(?:[^"\\]|\\(?!"))*|'[^']*`;

/** @param words patterns of secrets' names. @param mask what stands where a secret stood. */
export function createBrokenScrub(words: string, mask: string): (text: string) => string {
  const secret = `(?:${words})s?`;
  const container = new RegExp(`${secret}(?:\\[?\\d+\\]?)?(\\\\*)["']\\s*[:=]\\s*[{[]`, 'gi');
  const name = `(?:name|key)${QUOTE}\\s*[:=]\\s*${QUOTE}[^"'\\\\]*${secret}${QUOTE}`;
  const value = `(?:value|content)${QUOTE}\\s*[:=]\\s*`;
  const beside = `[^{}]{0,${besideMax}}?`;
  const behind = new RegExp(`(${name}${beside}${value})(?:${TEXT})`, 'gi');
  const before = new RegExp(`(${value})(?:${TEXT})(?=${beside}${name})`, 'gi');
  return text => {
    if (!/["']/.test(text) || !/[{[]/.test(text)) return text;
    return withoutContainers(text, container, mask)
      .replace(behind, `$1"${mask}`)
      .replace(before, `$1"${mask}`);
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

/** One past the bracket that closes the one at `open`, or the end of the text. */
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
