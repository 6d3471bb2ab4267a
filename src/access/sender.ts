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

export interface Signature {
  readonly secret: string;
  /** Name of the header with the signature. */
  readonly header: string;
  readonly algorithm: 'sha256' | 'sha1' | 'sha512';
  readonly encoding: 'hex' | 'base64';
  /** Text before the signature, such as `sha256=`. */
  readonly prefix?: string;
  readonly signs: 'body' | 'timestamp' | 'standard-webhooks';
  /** Of `timestamp`: the header with the time, and how it is put together with the body. */
  readonly timestampHeader: string;
  /** @example '{timestamp}.{body}' */
  readonly template: string;
  /** How far the time may be away. */
  readonly toleranceMs: number;
  /** Of `body`: whether a repeat is the same message. */
  readonly once: boolean;
}

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** @param parameter the query parameter `access_token`. @returns true when no token is required. */
export function hasToken({ token }: SenderProof, headers: Headers, parameter: unknown): boolean {
  if (token === undefined) return true;
  const tokens = [tokenIn(headers['authorization']), parameter];
  return tokens.some(one => typeof one === 'string' && isSame(one, token));
}

/** Whether a message is signed as the source requires. */
export type SignatureCheck =
  | {
      readonly kind: 'signed';
      /** What the signature says the message is: the same for a repeat, which nobody can change. Absent where a repeat is new. */
      readonly name?: string;
    }
  | { readonly kind: 'unsigned' }
  /** Signed at another time. @see expectedTime */
  | { readonly kind: 'untimely' };

export interface PostedBytes {
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Names of the headers of a signature, in lower case, which are nobody else's business. */
export function signatureHeaders({ hmac }: SenderProof): readonly string[] {
  if (hmac === undefined) return [];
  return [hmac.signs === 'standard-webhooks' ? 'webhook-signature' : hmac.header.toLowerCase()];
}

export function checkSignature({ hmac }: SenderProof, posted: PostedBytes): SignatureCheck {
  if (hmac === undefined) return { kind: 'signed' };
  switch (hmac.signs) {
    case 'body':
      return checkBody(hmac, posted);
    case 'timestamp':
      return checkTimed(hmac, posted);
    case 'standard-webhooks':
      return checkStandard(hmac, posted);
  }
}

function checkBody(hmac: Signature, { headers, body }: PostedBytes): SignatureCheck {
  if (!isSignature(hmac, headers, [body])) return { kind: 'unsigned' };
  return { kind: 'signed', ...(hmac.once && { name: nameOf([body]) }) };
}

function checkTimed(hmac: Signature, { headers, body, nowMs }: PostedBytes): SignatureCheck {
  const time = headers[hmac.timestampHeader.toLowerCase()];
  if (typeof time !== 'string') return { kind: 'unsigned' };
  const [before = '', after = ''] = hmac.template.split('{body}');
  const [start, end] = [before, after].map(part => part.replace('{timestamp}', () => time));
  const signed = [Buffer.from(start ?? ''), body, Buffer.from(end ?? '')];
  if (!isSignature(hmac, headers, signed)) return { kind: 'unsigned' };
  return isTimely(time, nowMs, hmac)
    ? { kind: 'signed', name: nameOf(signed) }
    : { kind: 'untimely' };
}

/**
 * A message may have several signatures, while its sender changes the secret.
 *
 * Source: standard-webhooks/standard-webhooks, spec/standard-webhooks.md, "Verifying signatures".
 */
function checkStandard(hmac: Signature, { headers, body, nowMs }: PostedBytes): SignatureCheck {
  const [id, time, given] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
    name => headers[name],
  );
  if (typeof id !== 'string' || typeof time !== 'string' || typeof given !== 'string' || id === '')
    return { kind: 'unsigned' };
  const [, base64] = /^whsec_(.+)$/.exec(hmac.secret) ?? [];
  const key = base64 === undefined ? hmac.secret : Buffer.from(base64, 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64');
  const isSigned = given.split(' ').some(one => isSame(one, `v1,${expected}`));
  if (!isSigned) return { kind: 'unsigned' };
  return isTimely(time, nowMs, hmac) ? { kind: 'signed', name: `id:${id}` } : { kind: 'untimely' };
}

function isSignature(
  { secret, header, algorithm, encoding, prefix = '' }: Signature,
  headers: Headers,
  signed: readonly Uint8Array[],
): boolean {
  const given = headers[header.toLowerCase()];
  if (typeof given !== 'string' || !given.startsWith(prefix)) return false;
  const signature = given.slice(prefix.length).trim();
  const hmac = createHmac(algorithm, secret);
  for (const part of signed) hmac.update(part);
  const expected = hmac.digest(encoding);
  return isSame(encoding === 'hex' ? signature.toLowerCase() : signature, expected);
}

/** @param time seconds since 1970. */
function isTimely(time: string, nowMs: number, { toleranceMs }: Signature): boolean {
  return /^\d{1,12}$/.test(time) && Math.abs(Number(time) * 1_000 - nowMs) <= toleranceMs;
}

const nameOf = (signed: readonly Uint8Array[]): string =>
  `sha256:${hash('sha256', Buffer.concat(signed), 'hex')}`;

/** Describes the required proof, for error messages. */
export function expectedProof({ token, hmac }: SenderProof): string {
  return [
    ...(token === undefined ? [] : ['`Authorization: Bearer <token>`']),
    ...(hmac === undefined ? [] : [expectedSignature(hmac)]),
  ].join(' and ');
}

function expectedSignature(hmac: Signature): string {
  if (hmac.signs === 'standard-webhooks') {
    return 'the signature of Standard Webhooks as `webhook-id`, `webhook-timestamp` and `webhook-signature`';
  }
  const what =
    hmac.signs === 'body'
      ? 'the body'
      : `${hmac.template} with the time in seconds from \`${hmac.timestampHeader}\``;
  return `the HMAC-${hmac.algorithm.toUpperCase()} of ${what} in ${hmac.encoding} as \`${hmac.header}: ${hmac.prefix ?? ''}<signature>\``;
}

/** Describes when a message has to be signed, for error messages. */
export function expectedTime({ hmac }: SenderProof): string {
  return `a time that is at most ${(hmac?.toleranceMs ?? 0) / 1_000} s away from the clock here`;
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
