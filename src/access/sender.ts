/**
 * How those who post messages prove themselves: by a token that they show, a signature over the body, or both.
 *
 * A token travels as clouds are able to send it: `Authorization: Bearer`, the password of `Authorization: Basic` (what
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
  /** Of the header. */
  readonly header: string;
  readonly algorithm: 'sha256' | 'sha1' | 'sha512';
  readonly encoding: 'hex' | 'base64';
  /** Before the signature, such as `sha256=`. */
  readonly prefix?: string;
}

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** @param parameter the value of `access_token` in the query. @returns true where no token is asked for. */
export function hasToken({ token }: SenderProof, headers: Headers, parameter: unknown): boolean {
  if (token === undefined) return true;
  const shown = [shownIn(headers['authorization']), parameter];
  return shown.some(one => typeof one === 'string' && isSame(one, token));
}

/** @returns true where no signature is asked for. */
export function isSigned({ hmac }: SenderProof, headers: Headers, body: Uint8Array): boolean {
  if (hmac === undefined) return true;
  const { secret, header, algorithm, encoding, prefix = '' } = hmac;
  const given = headers[header.toLowerCase()];
  if (typeof given !== 'string' || !given.startsWith(prefix)) return false;
  const signature = given.slice(prefix.length).trim();
  const expected = createHmac(algorithm, secret).update(body).digest(encoding);
  return isSame(encoding === 'hex' ? signature.toLowerCase() : signature, expected);
}

/** What a sender is told who showed neither. */
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

function shownIn(authorization: Headers[string]): string | undefined {
  if (typeof authorization !== 'string') return undefined;
  const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
  if (/^bearer$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return undefined;
  const pair = Buffer.from(value, 'base64').toString();
  return pair.slice(pair.indexOf(':') + 1);
}

/** In a time that tells nothing of where they differ. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));
}
