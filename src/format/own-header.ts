/** Headers that a webhook adds to its requests: which ones it may set, and which are ours. */

/** Headers that Hookline sets, that frame the request, or that are for the next hop alone. */
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

/** Matches a header's name. Source: RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Matches a header's value: visible ASCII, with blanks between. */
const field = /^[\x21-\x7e]+([ \t]+[\x21-\x7e]+)*$/;

export const ownHeadersMax = 32;
const nameCharsMax = 128;
const valueCharsMax = 4_096;

/** Shown instead of a header's value; no header may have it for its value. */
export const hiddenValue = '***';

/**
 * Hides the values of all headers, for nothing tells a credential from a harmless word.
 *
 * @example hideOwnHeaders({ Authorization: 'Bearer x' }) // { Authorization: '***' }
 */
export function hideOwnHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(headers).map(name => [name, hiddenValue]));
}

/**
 * Replaces hidden values among the wanted headers by the present ones, so that headers can be sent back as they were
 * shown.
 *
 * @returns or the name of a header whose value is hidden and that has no present one.
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
 * Checks headers. @returns the reason why they cannot be set, without their values, which may be credentials; undefined
 * when they can.
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
