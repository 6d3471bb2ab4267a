/**
 * Signatures over exactly the bytes that are sent.
 *
 * One secret serves two receivers: CloudStack's takes the UTF-8 bytes of what the user typed for the key, Standard
 * Webhooks' the decoded bytes of `whsec_<base64>`, and the typed bytes again where the secret does not read so.
 *
 * Source: apache/cloudstack, WebhookDeliveryThread and HMACSignUtil; Standard Webhooks 1.0, "Signature scheme".
 */
import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** CloudStack's code writes base64, its design page says hex; the setting `signature.encoding` chooses. */
export type SignatureEncoding = 'base64' | 'hex';

/** Holds the keys of one secret, ready to sign: made when the secret is opened, kept as long as the webhook is used. */
export interface Signer {
  /** HMAC-SHA256 of the body, as `X-CS-Signature` has it; in an encoding that a format insists on. */
  sign(body: Buffer, encoding?: SignatureEncoding): string;
  /**
   * `v1,<base64>` of HMAC-SHA256 over `<id>.<timestamp>.<body>`, as `webhook-signature` has it.
   *
   * @param timestamp whole seconds since the epoch, exactly as `webhook-timestamp` has them.
   */
  signStandard(id: string, timestamp: string, body: Buffer): string;
}

/** @throws {RangeError} for an empty secret, which would sign nothing; a webhook without one has no signer. */
export function openSigner(secret: string, encoding: SignatureEncoding = 'base64'): Signer {
  if (secret === '') throw new RangeError('the secret is empty');
  const typed = createSecretKey(secret, 'utf8');
  const standard = decodedKey(secret) ?? typed;
  return {
    sign: (body, asked = encoding) => createHmac('sha256', typed).update(body).digest(asked),
    signStandard: (id, timestamp, body) =>
      `v1,${createHmac('sha256', standard).update(`${id}.${timestamp}.`).update(body).digest('base64')}`,
  };
}

/**
 * Signs with several secrets while one replaces another: `webhook-signature` has a signature of each, separated by
 * spaces; the receiver's own kind has room for one, the first's.
 *
 * Source: Standard Webhooks 1.0, "Signature scheme" (multiple signatures).
 *
 * @returns undefined for none.
 */
export function signTogether(signers: readonly Signer[]): Signer | undefined {
  const [first, ...others] = signers;
  if (!first || others.length === 0) return first;
  return {
    sign: (...signed) => first.sign(...signed),
    signStandard: (...signed) => signers.map(signer => signer.signStandard(...signed)).join(' '),
  };
}

const STANDARD_SECRET =
  /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?)$/;

function decodedKey(secret: string): KeyObject | undefined {
  const base64 = STANDARD_SECRET.exec(secret)?.[1];
  return base64 === undefined || base64 === '' ? undefined : createSecretKey(base64, 'base64');
}
