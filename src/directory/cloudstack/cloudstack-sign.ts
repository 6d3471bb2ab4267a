/** Signs requests to CloudStack by signature version 3, in which a parameter says when the signature expires. */
import { canonicalQuery, encodeParameter, signQueryText } from './cloudstack-signature.ts';

export interface KeyPair {
  readonly apiKey: string;
  readonly secretKey: string;
}

/** Validity of a signature. The server refuses more than fifteen minutes; the rest tolerates clocks that differ. */
const validMs = 10 * 60_000;

/**
 * Signs parameters, and returns them as a form or query.
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
  const query = canonicalQuery(Object.entries(all));
  return `${query}&signature=${encodeParameter(signQueryText(query, secretKey))}`;
}

/** An instant as `yyyy-MM-dd'T'HH:mm:ssZ` in UTC. */
const expiry = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19)}+0000`;
