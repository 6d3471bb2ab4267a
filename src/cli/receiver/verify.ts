/**
 * Checks a delivery's signatures the way a receiver does. It is written after the receivers' documents and shares
 * nothing with the code that signs, so that `hookline listen` finds a mistake in either.
 *
 * Source: reference "CloudStack" section 1.5 (X-CS-Signature); Standard Webhooks 1.0, "Verifying signatures".
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface Delivery {
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface SignatureCheck {
  readonly header: string;
  readonly verdict: 'valid' | 'wrong' | 'missing' | 'out of date';
}

/** Maximum age of a delivery, as Standard Webhooks advises receivers. */
const toleranceS = 300;

/** @param nowMs milliseconds since 1970. @returns a verdict for each kind of signature. */
export function checkSignatures(
  delivery: Delivery,
  secret: string,
  nowMs: number,
): SignatureCheck[] {
  return [
    { header: 'X-CS-Signature', verdict: checkCloudStack(delivery, secret) },
    { header: 'webhook-signature', verdict: checkStandard(delivery, secret, nowMs) },
  ];
}

function checkCloudStack({ headers, body }: Delivery, secret: string): SignatureCheck['verdict'] {
  const given = headers['x-cs-signature'];
  if (given === undefined) return 'missing';
  const expected = createHmac('sha256', Buffer.from(secret, 'utf8')).update(body).digest();
  const decoded = /^[0-9a-f]{64}$/i.test(given)
    ? Buffer.from(given, 'hex')
    : Buffer.from(given, 'base64');
  return isSame(decoded, expected) ? 'valid' : 'wrong';
}

function checkStandard(
  { headers, body }: Delivery,
  secret: string,
  nowMs: number,
): SignatureCheck['verdict'] {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': given } = headers;
  if (id === undefined || timestamp === undefined || given === undefined) return 'missing';
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const key = encoded === undefined ? Buffer.from(secret, 'utf8') : Buffer.from(encoded, 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  const isOne = given
    .split(' ')
    .some(
      one =>
        one.startsWith('v1,') && isSame(Buffer.from(one.slice('v1,'.length), 'base64'), expected),
    );
  if (!isOne) return 'wrong';
  return Math.abs(nowMs / 1000 - Number(timestamp)) > toleranceS ? 'out of date' : 'valid';
}

const isSame = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
