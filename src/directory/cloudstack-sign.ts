/**
 * How CloudStack's query API is signed; pure.
 *
 * Source: apache/cloudstack, ApiServer.verifyRequest: the parameters in the order of their names, the values as Java's
 * URLEncoder writes them with `+` replaced by `%20`, all in lower case, HMAC-SHA1, base64. Version 3 adds an expiry
 * to the parameters and changes nothing else.
 */
import { createHmac } from 'node:crypto';

export interface KeyPair {
  readonly apiKey: string;
  readonly secretKey: string;
}

/** The server refuses an expiry more than fifteen minutes ahead; the rest is for clocks that disagree. */
const validMs = 10 * 60_000;

/**
 * The request's parameters, signed, as a form or query.
 *
 * @example signQuery({ command: 'listDomains', response: 'json' }, pair, Date.now())
 *   // 'apiKey=…&command=listDomains&expires=2026-11-22T10%3A00%3A00%2B0000&response=json&signatureVersion=3&signature=…'
 */
export function signQuery(
  params: Readonly<Record<string, string>>,
  { apiKey, secretKey }: KeyPair,
  nowMs: number,
): string {
  const all = { ...params, apiKey, signatureVersion: '3', expires: expiry(nowMs + validMs) };
  const query = canonicalQuery(all);
  return `${query}&signature=${encodeParameter(signature(query, secretKey))}`;
}

/** @param query the encoded parameters in the order of their names, without the signature. */
export function signature(query: string, secretKey: string): string {
  return createHmac('sha1', secretKey).update(query.toLowerCase()).digest('base64');
}

/** Ordered by code unit, as Java sorts names: capitals come first. */
export function canonicalQuery(params: Readonly<Record<string, string>>): string {
  return Object.entries(params)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${encodeParameter(value)}`)
    .join('&');
}

/** Java leaves `*` as it is, unlike most; and encodes `!'()~`, unlike encodeURIComponent. */
function encodeParameter(value: string): string {
  return encodeURIComponent(value).replaceAll(
    /[!'()~]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `yyyy-MM-dd'T'HH:mm:ssZ`, in UTC. */
const expiry = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19)}+0000`;
