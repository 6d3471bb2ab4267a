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
const reservedPrefixes = ['x-cs-', 'webhook-', 'proxy-', 'ce-'];

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible ASCII, with blanks between. */
const field = /^[\x21-\x7e]+([ \t]+[\x21-\x7e]+)*$/;

export const ownHeadersMax = 32;
const nameCharsMax = 128;
const valueCharsMax = 4_096;

/** What a header's value reads as for whoever looks; none can be sent that says this. */
export const hiddenValue = '***';

/**
 * The headers with their names alone. Every value is hidden, for nothing tells a credential from a word that is none.
 *
 * @example hideOwnHeaders({ Authorization: 'Bearer x' }) // { Authorization: '***' }
 */
export function hideOwnHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(headers).map(name => [name, hiddenValue]));
}

/**
 * The wanted headers, with the value there is wherever they say the hidden one: what was looked at can be given back.
 *
 * @returns or the name of a header that says the hidden value and has none yet.
 */
export function keepHidden(
  wanted: Readonly<Record<string, string>>,
  present: Readonly<Record<string, string>>,
): { readonly headers: Readonly<Record<string, string>> } | { readonly missing: string } {
  const known = new Map(
    Object.entries(present).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const entries: [string, string][] = [];
  for (const [name, value] of Object.entries(wanted)) {
    const meant = value === hiddenValue ? known.get(name.toLowerCase()) : value;
    if (meant === undefined) return { missing: name };
    entries.push([name, meant]);
  }
  return { headers: Object.fromEntries(entries) };
}

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
