/** Headers that a webhook adds to its requests: which it may, and which are ours. */

/** What Hookline says itself, what frames the request, and what is for the next hop alone. */
const reserved = new Set([
  'host',
  'user-agent',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
]);
const reservedPrefixes = ['x-cs-', 'webhook-', 'proxy-'];

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible ASCII, with blanks between. */
const field = /^[\x21-\x7e]+([ \t]+[\x21-\x7e]+)*$/;

export const ownHeadersMax = 32;
const nameCharsMax = 128;
const valueCharsMax = 4_096;

/**
 * Why the headers cannot be sent; undefined when they can. Values are not shown: they may be credentials.
 *
 * @example refuseOwnHeaders({ 'X-CS-Signature': 'x' }) // 'the header X-CS-Signature is set by Hookline'
 */
export function refuseOwnHeaders(headers: Readonly<Record<string, unknown>>): string | undefined {
  const entries = Object.entries(headers);
  if (entries.length > ownHeadersMax) return `there are more than ${ownHeadersMax} headers`;
  const seen = new Set<string>();
  for (const [name, value] of entries) {
    const lower = name.toLowerCase();
    if (!token.test(name) || name.length > nameCharsMax) {
      return `${JSON.stringify(name.slice(0, nameCharsMax))} is no name of a header`;
    }
    if (reserved.has(lower) || reservedPrefixes.some(prefix => lower.startsWith(prefix))) {
      return `the header ${name} is set by Hookline`;
    }
    if (seen.has(lower)) return `the header ${name} is given twice`;
    if (typeof value !== 'string' || !field.test(value) || value.length > valueCharsMax) {
      return `the header ${name} needs a text of at most ${valueCharsMax} visible ASCII characters`;
    }
    seen.add(lower);
  }
  return undefined;
}
