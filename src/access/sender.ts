/**
 * Authenticates senders of posted messages: by a token, a signature of the body, or both.
 *
 * The token may be sent in the ways that clouds support: `Authorization: Bearer`, the password of `Authorization: Basic` (what
 * `https://user:token@host/` becomes), or `?access_token=`, for senders that are given a URL and nothing else.
 *
 * Source: RFC 6750, sections 2.1 and 2.3; cloudevents/spec, http-webhook.md, section 3.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';

export interface SenderProof {
  readonly token?: string;
  readonly hmac?: Signature;
}

interface Signature {
  readonly secret: string;
  /** Name of the header with the signature. */
  readonly header: string;
  readonly algorithm: 'sha256' | 'sha1' | 'sha512';
  readonly encoding: 'hex' | 'base64';
  /** Text before the signature, such as `sha256=`. */
  readonly prefix?: string;
}

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** @param parameter the query parameter `access_token`. @returns true when no token is required. */
export function hasToken({ token }: SenderProof, headers: Headers, parameter: unknown): boolean {
  if (token === undefined) return true;
  const tokens = [tokenIn(headers['authorization']), parameter];
  return tokens.some(one => typeof one === 'string' && isSame(one, token));
}

/** @returns true when no signature is required. */
export function isSigned({ hmac }: SenderProof, headers: Headers, body: Uint8Array): boolean {
  if (hmac === undefined) return true;
  const { secret, header, algorithm, encoding, prefix = '' } = hmac;
  const given = headers[header.toLowerCase()];
  if (typeof given !== 'string' || !given.startsWith(prefix)) return false;
  const signature = given.slice(prefix.length).trim();
  const expected = createHmac(algorithm, secret).update(body).digest(encoding);
  return isSame(encoding === 'hex' ? signature.toLowerCase() : signature, expected);
}

/** Describes the required proof, for error messages. */
export function expectedProof({ token, hmac }: SenderProof): string {
  return [
    ...(token === undefined ? [] : ['`Authorization: Bearer <token>`']),
    ...(hmac === undefined
      ? []
      : [
          `the HMAC-${hmac.algorithm.toUpperCase()} of the body in ${hmac.encoding} as \`${hmac.header}: ${hmac.prefix ?? ''}<signature>\``,
        ]),
  ].join(' and ');
}

function tokenIn(authorization: Headers[string]): string | undefined {
  if (typeof authorization !== 'string') return undefined;
  const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
  if (/^bearer$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return undefined;
  const pair = Buffer.from(value, 'base64').toString();
  return pair.slice(pair.indexOf(':') + 1);
}

/** Compares in constant time. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));
}
