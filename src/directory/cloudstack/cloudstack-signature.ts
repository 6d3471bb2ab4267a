/**
 * How requests to CloudStack's query API are signed, whichever side of one this Hookline is on; pure.
 *
 * Source: apache/cloudstack, ApiServer.verifyRequest: the parameters in the order of their names, the values as Java's
 * URLEncoder writes them with `+` replaced by `%20`, all in lower case, HMAC-SHA1, base64.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Encoded, ordered by code unit as Java sorts names (capitals come first), and without the signature. */
export function canonicalQuery(params: Iterable<readonly [name: string, value: string]>): string {
  return [...params]
    .filter(([name]) => name.toLowerCase() !== 'signature')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${encodeParameter(value)}`)
    .join('&');
}

/** @param query as `canonicalQuery` makes it. */
export function signQueryText(query: string, secretKey: string): string {
  return createHmac('sha1', secretKey).update(query.toLowerCase()).digest('base64');
}

/**
 * In the same time whatever is wrong with it. `~` may be signed as itself: clients written in Go and Python do so, and
 * fail at a real CloudStack whenever there is one in a value.
 */
export function isSignatureOf(given: string, query: string, secretKey: string): boolean {
  const found = Buffer.from(given);
  const isRight = [query, query.replaceAll('%7E', '~')].map(text => {
    const expected = Buffer.from(signQueryText(text, secretKey));
    return expected.length === found.length && timingSafeEqual(expected, found);
  });
  return isRight.includes(true);
}

/** Java leaves `*` as it is, unlike most; and encodes `!'()~`, unlike encodeURIComponent. */
export function encodeParameter(value: string): string {
  return encodeURIComponent(value).replaceAll(
    /[!'()~]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
