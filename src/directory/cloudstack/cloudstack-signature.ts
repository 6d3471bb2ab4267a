/**
 * Signatures of CloudStack's query API, both as its client and as a server; pure.
 *
 * Source: apache/cloudstack, ApiServer.verifyRequest: parameters sorted by name, values encoded as by Java's URLEncoder
 * with `+` replaced by `%20`, all in lower case, then HMAC-SHA1 in base64.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** The text to sign: parameters encoded and sorted by code unit as in Java (capitals first), without the signature. */
export function canonicalQuery(params: Iterable<readonly [name: string, value: string]>): string {
  return [...params]
    .filter(([name]) => name.toLowerCase() !== 'signature')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${encodeParameter(value)}`)
    .join('&');
}

/** @param query from `canonicalQuery`. */
export function signQueryText(query: string, secretKey: string): string {
  return createHmac('sha1', secretKey).update(query.toLowerCase()).digest('base64');
}

/**
 * Verifies a signature in constant time. `~` may be signed unencoded: clients written in Go and Python do so, and fail at
 * a real CloudStack whenever a value has one.
 */
export function isSignatureOf(given: string, query: string, secretKey: string): boolean {
  const found = Buffer.from(given);
  const isRight = [query, query.replaceAll('%7E', '~')].map(text => {
    const expected = Buffer.from(signQueryText(text, secretKey));
    return expected.length === found.length && timingSafeEqual(expected, found);
  });
  return isRight.includes(true);
}

/** Encodes as Java's URLEncoder: it keeps `*`, and unlike encodeURIComponent encodes `!'()~`. */
export function encodeParameter(value: string): string {
  return encodeURIComponent(value).replaceAll(
    /[!'()~]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
