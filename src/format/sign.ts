/**
 * Signatures over exactly the bytes that are sent.
 *
 * One secret serves two kinds of receivers: CloudStack's use the UTF-8 bytes of the typed text as the key, Standard
 * Webhooks' the decoded bytes of `whsec_<base64>`, and the typed bytes where the secret does not have that form.
 *
 * Source: apache/cloudstack, WebhookDeliveryThread and HMACSignUtil; Standard Webhooks 1.0, "Signature scheme".
 */
import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * Encodings of `X-CS-Signature`. CloudStack's code writes base64, its design page says hex; the webhook chooses, or the key
 * `signature.encoding` where it does not.
 */
export const signatureEncodings = ['base64', 'hex'] as const;
export type SignatureEncoding = (typeof signatureEncodings)[number];

/** A signer with the keys of one secret: created when the secret is opened, kept as long as the webhook is used. */
export interface Signer {
  /** Signs the body with HMAC-SHA256, as in `X-CS-Signature`. @param encoding the format's, where it requires one. */
  sign(body: Buffer, encoding?: SignatureEncoding): string;
  /**
   * Signs `<id>.<timestamp>.<body>` with HMAC-SHA256, as in `webhook-signature`: `v1,<base64>`.
   *
   * @param timestamp whole seconds since the epoch, exactly as `webhook-timestamp` has them.
   */
  signStandard(id: string, timestamp: string, body: Buffer): string;
}

/**
 * Creates a signer. @throws {RangeError} for an empty secret, which would sign nothing; a webhook without a secret has
 * no signer.
 */
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
 * spaces. The header of the webhook's format holds a single signature, made with the first secret.
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
